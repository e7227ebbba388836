import { isAll } from './is-all.js';

/** Another seed tries another slice. */
export const SEED = Number(process.env.SE_RETROFIT_SEED ?? 1);

/** Whether it is the turn of one Keras: each takes one of so many things; of two, and the two together take all. */
export const isTurnOf = (kind: 'keras2' | 'keras3', index: number, of = 2): boolean =>
  isAll || (index + SEED) % of === (kind === 'keras2' ? 0 : 1);
