import { randomNumbers } from '../../src/random.js';
import { isAll } from '../support/is-all.js';

/** What the slice and all random moments come from. */
export const SEED = Number(process.env.SE_RETROFIT_FAULT_SEED ?? 1);

/** All numbers below a count, or so many of them, in order. */
export function chooseSteps(count: number, most: number, what: string): readonly number[] {
  const all = Array.from({ length: count }, (_, step) => step);
  if (count <= most) return all;
  const random = randomNumbers(SEED, what);
  const drawn = all.map((step) => ({ step, rank: random() })).sort((a, b) => a.rank - b.rank);
  return drawn
    .slice(0, most)
    .map(({ step }) => step)
    .sort((a, b) => a - b);
}

/** All of some things, or so many of them in the slice. */
export const chooseSome = <T>(all: readonly T[], most: number, what: string): readonly T[] =>
  chooseSteps(all.length, isAll ? all.length : most, what).map((index) => all[index]!);
