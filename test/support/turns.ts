import { isAll } from './is-all.js';

/** Another seed tries another slice. */
export const SEED = Number(process.env.SE_RETROFIT_SEED ?? 1);

/** One of so many of a list, from the seed on; all of it where all is tried. */
export const byTurns = <T>(list: readonly T[], of: number, from = 0): readonly T[] =>
  list.filter((_, index) => isAll || (index + from + SEED) % of === 0);

/** Whether it is the turn of one Keras: each takes one of so many things; of two, and the two together take all. */
export const isTurnOf = (kind: 'keras2' | 'keras3', index: number, of = 2): boolean =>
  isAll || (index + SEED) % of === (kind === 'keras2' ? 0 : 1);
