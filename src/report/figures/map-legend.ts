import type { Plan, SkipReason } from '../../plan/plan.js';
import { count } from '../../plural.js';
import type { OutlineCell, OutlineStage } from '../network-outline.js';
import { BLOCK_NAMES, compensationWord, exactBySentence, SKIP_REASONS } from '../sentences.js';
import { type CellState, glyph, pill, stateOf } from './block-cell.js';
import { paint } from './paint.js';
import { label, shortened } from './svg.js';

const ROW = 28;
const SIZE = 11.5;
const CHARACTER = 0.61 * SIZE;
const PILL_WIDTH = 34;
const MOST_CHARACTERS = 150;

interface Entry {
  readonly mark: (x: number, y: number) => string;
  readonly markWidth: number;
  readonly text: string;
}

/** Draws the legend of a map: the marks that are on it, in as many rows as needed. */
export function mapLegend(
  plan: Plan,
  stages: readonly OutlineStage[],
  top: number,
  width: number,
): { readonly body: string; readonly height: number } {
  const cells = stages.flatMap((stage) => stage.cells);
  const lines = [kindEntries(cells), stateEntries(plan, cells)];
  let y = top;
  const bodies = lines.flatMap((entries) => {
    let x = 0;
    if (entries.length > 0) y += ROW;
    return entries.map(({ mark, markWidth, text }) => {
      const entryWidth = markWidth + 8 + text.length * CHARACTER + 24;
      if (x > 0 && x + entryWidth > width) {
        x = 0;
        y += ROW;
      }
      const body = mark(x, y) + label(text, { ...paint('muted'), x: x + markWidth + 8, y, size: SIZE });
      x += entryWidth;
      return body;
    });
  });
  return { body: bodies.join(''), height: y - top + 6 };
}

const kindEntries = (cells: readonly OutlineCell[]): readonly Entry[] =>
  [...new Set(cells.map(({ kind }) => kind))].map((kind) => ({
    mark: (x, y) => glyph(kind, x, y - 12),
    markWidth: 24,
    text: kind === 'layer' ? 'a layer outside all blocks' : BLOCK_NAMES[kind][0],
  }));

function stateEntries(plan: Plan, cells: readonly OutlineCell[]): readonly Entry[] {
  const states = new Set(cells.map(stateOf));
  const words: Readonly<Record<Exclude<CellState, 'none'>, string>> = {
    added: compensationWords(plan),
    there: 'a module is there already',
    hollow: `no module: ${reasonWords(cells)}`,
  };
  return (['added', 'there', 'hollow'] as const)
    .filter((state) => states.has(state))
    .map((state) => ({
      mark: (x, y) => pill(state, x, y - 15, PILL_WIDTH),
      markWidth: PILL_WIDTH,
      text: shortened(words[state], MOST_CHARACTERS),
    }));
}

/** Explains the compensations that keep the network exact, by the words in the cells. */
function compensationWords({ sites }: Plan): string {
  const compensations = [...new Set(sites.map(({ exactBy }) => exactBy))];
  const start = 'module to add, with its hidden units';
  return compensations.includes(null)
    ? `${start}; the network computes something else until it is trained`
    : `${start} and what makes up for its gate of 1/2: ${compensations.map((compensation) => `${compensationWord(compensation)} (${exactBySentence(compensation)})`).join(', ')}`;
}

/** `its stage is skipped (3), makes the logits`. */
function reasonWords(cells: readonly OutlineCell[]): string {
  const times = new Map<SkipReason, number>();
  for (const cell of cells) {
    if (stateOf(cell) === 'hollow') times.set(cell.reason!, (times.get(cell.reason!) ?? 0) + 1);
  }
  return [...times]
    .map(([reason, number]) => (number === 1 ? SKIP_REASONS[reason] : `${SKIP_REASONS[reason]} (${count(number)})`))
    .join('; ');
}
