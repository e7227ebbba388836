import { isAll } from './is-all.js';

/** Another seed tries another slice. */
export const SEED = Number(process.env.SE_RETROFIT_SEED ?? 1);

/** Whether it is the turn of one Keras: each takes every second thing, and the two together all. */
export const isTurnOf = (kind: 'keras2' | 'keras3', index: number): boolean =>
  isAll || (index + SEED) % 2 === (kind === 'keras2' ? 0 : 1);
