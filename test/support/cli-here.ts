import { vi } from 'vitest';
import { runWords } from '../../src/cli/main.js';
import { type Result, type RunOptions, run } from './cli.js';
import { isAll } from './is-all.js';

/**
 * Runs the command line in this process, where what is tested is its answer and not the process: a start takes most of a
 * second. All of them are processes with SE_RETROFIT_TEST_ALL.
 */
export async function runHere(words: readonly string[], options: Pick<RunOptions, 'cwd'> = {}): Promise<Result> {
  if (isAll) return run(words, options);
  const started = performance.now();
  const [output, messages]: [string[], string[]] = [[], []];
  const gather = (lines: string[]) => (text: unknown) => {
    lines.push(String(text));
    return true;
  };
  const line = (lines: string[]) => (text: unknown) => {
    lines.push(`${text}\n`);
  };
  const before = process.cwd();
  const spies = [
    vi.spyOn(process.stdout, 'write').mockImplementation(gather(output)),
    vi.spyOn(process.stderr, 'write').mockImplementation(gather(messages)),
    vi.spyOn(console, 'log').mockImplementation(line(output)),
    vi.spyOn(console, 'error').mockImplementation(line(messages)),
  ];
  try {
    if (options.cwd !== undefined) process.chdir(String(options.cwd));
    const code = await runWords(words);
    const milliseconds = performance.now() - started;
    return { code, stdout: output.join(''), stderr: messages.join(''), milliseconds };
  } finally {
    process.chdir(before);
    for (const spy of spies) spy.mockRestore();
  }
}
