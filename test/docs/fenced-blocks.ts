/** A fenced block of a page of Markdown. */
export interface FencedBlock {
  /** The first word behind the fence; empty where there is none. */
  readonly language: string;
  /** What stands behind the language: `signature` marks declarations, which are no program. */
  readonly meta: string;
  readonly code: string;
  /** Line of the opening fence, from 1. */
  readonly line: number;
  /** `<!-- not run: reason -->` before the block. */
  readonly notRun: string | undefined;
  /** `<!-- new folder -->`: what the blocks before have written is gone. */
  readonly isFresh: boolean;
  /** `<!-- in the clone -->`: it runs in the repository, whose files it uses. */
  readonly isInClone: boolean;
  /** The command or program before it in the same section, where it is a block of output. */
  readonly outputOf: FencedBlock | undefined;
}

const FENCE = /^(\s*)(`{3,}|~{3,})\s*(\S*)\s*(.*)$/;
const COMMENT = /^\s*<!--\s*(.*?)\s*-->\s*$/;
const PROGRAMS = new Set(['sh', 'bash', 'ts', 'js', 'python']);

/** The fenced blocks of a page, in order, with the comments that stand right before them. */
export function listBlocks(markdown: string): readonly FencedBlock[] {
  const lines = markdown.split('\n');
  const blocks: FencedBlock[] = [];
  let before: FencedBlock | undefined;
  let comments: string[] = [];
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index]!;
    const comment = COMMENT.exec(line)?.[1];
    if (comment !== undefined) comments.push(comment);
    else if (/^#{1,6} /.test(line)) before = undefined;
    const [, indent, fence, language, meta] = FENCE.exec(line) ?? [];
    if (fence === undefined) {
      if (comment === undefined && line.trim() !== '') comments = [];
      continue;
    }
    const end = lines.findIndex((other, at) => at > index && other.trim() === fence);
    const code = lines.slice(index + 1, end).map((text) => text.replace(new RegExp(`^\\s{0,${indent!.length}}`), ''));
    const block: FencedBlock = {
      language: language!,
      meta: meta!,
      code: code.join('\n'),
      line: index + 1,
      notRun: comments.find((text) => text.startsWith('not run:'))?.replace(/^not run:\s*/, ''),
      isFresh: comments.includes('new folder'),
      isInClone: comments.includes('in the clone'),
      outputOf: language === 'text' ? before : undefined,
    };
    blocks.push(block);
    before = PROGRAMS.has(block.language) ? block : undefined;
    comments = [];
    index = end;
  }
  return blocks;
}
