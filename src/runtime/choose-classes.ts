import { overallDistance } from './class-distances.js';
import type { Excitation } from './excite-model.js';

/**
 * Classes that are far apart from one another, over all modules: the one whose gates are farthest from every other's
 * first, then always the one that is farthest from those chosen (Gonzalez 1985).
 * @returns at most so many, as indices of the excitation's classes, in their order
 */
export function chooseClasses(excitation: Excitation, most: number): readonly number[] {
  const all = excitation.classes.map((_, index) => index);
  if (all.length <= most) return all;
  const distance = (left: number, right: number) => overallDistance(excitation, left, right);
  // Any start will do to find a class at the rim: the one farthest from it.
  const fromStart = all.map((index) => distance(0, index));
  const chosen = [fromStart.indexOf(Math.max(...fromStart))];
  const nearest = all.map(() => Number.POSITIVE_INFINITY);
  while (chosen.length < most) {
    for (const index of all) nearest[index] = Math.min(nearest[index]!, distance(chosen.at(-1)!, index));
    for (const index of chosen) nearest[index] = -1;
    chosen.push(nearest.indexOf(Math.max(...nearest)));
  }
  return chosen.sort((left, right) => left - right);
}
