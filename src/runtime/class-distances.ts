import type { Excitation } from './excite-model.js';
import { distanceOf } from './gate-statistics.js';

/** Two classes, and how far apart their mean gates are. */
export interface ClassPair {
  /** Indices of the excitation's classes. */
  readonly left: number;
  readonly right: number;
  /** In each module; see {@link distanceOf}. */
  readonly distances: readonly number[];
  /** Root mean square of them: every module counts alike. */
  readonly overall: number;
}

/** Every two of some classes, those farthest apart first. */
export function listPairs(excitation: Excitation, classes: readonly number[]): readonly ClassPair[] {
  const pairs = classes.flatMap((left, rank) =>
    classes.slice(rank + 1).map((right) => pairOf(excitation, left, right)),
  );
  return pairs.sort((one, other) => other.overall - one.overall);
}

export const overallDistance = (excitation: Excitation, left: number, right: number): number =>
  pairOf(excitation, left, right).overall;

function pairOf({ modules }: Excitation, left: number, right: number): ClassPair {
  const distances = modules.map(({ classes, range }) => distanceOf(classes[left]!, classes[right]!, range));
  const squares = distances.reduce((sum, distance) => sum + distance ** 2, 0);
  return { left, right, distances, overall: Math.sqrt(squares / modules.length) };
}
