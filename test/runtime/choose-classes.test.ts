import { expect, test } from 'vitest';
import { chooseClasses } from '../../src/runtime/choose-classes.js';
import { listPairs } from '../../src/runtime/class-distances.js';
import type { Excitation } from '../../src/runtime/excite-model.js';
import { sketchExcitation } from '../support/excitations.js';

/** One module of two channels, its class means where they are put. */
function placed(means: readonly (readonly [number, number])[]): Excitation {
  const excitation = sketchExcitation(
    [{ stage: 1, channels: 2 }],
    means.map((_, index) => `class ${index}`),
  );
  const classes = means.map((mean) => ({
    observations: 9,
    mean: Float32Array.from(mean),
    deviation: new Float32Array(2),
  }));
  return { ...excitation, modules: [{ ...excitation.modules[0]!, classes }] };
}

const CROWD: readonly (readonly [number, number])[] = [
  [0.5, 0.5],
  [0.51, 0.5],
  [0, 0],
  [0.5, 0.52],
  [1, 0.01],
  [0.49, 0.5],
  [0.5, 1],
];

test('the classes farthest from one another, not those in the crowd', () => {
  expect(chooseClasses(placed(CROWD), 3)).toEqual([2, 4, 6]);
  const four = chooseClasses(placed(CROWD), 4);
  expect(four).toHaveLength(4);
  expect(four).toEqual(expect.arrayContaining([2, 4, 6]));
});

test('all of them where there are no more', () => {
  expect(chooseClasses(placed(CROWD), 7)).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(chooseClasses(placed(CROWD.slice(0, 1)), 5)).toEqual([0]);
});

test('classes that are all the same: as many, each once', () => {
  const same = Array.from({ length: 9 }, (): readonly [number, number] => [0.5, 0.5]);
  expect(new Set(chooseClasses(placed(same), 5)).size).toBe(5);
});

test('pairs, those farthest apart first', () => {
  const pairs = listPairs(placed(CROWD), [0, 2, 4]);
  expect(pairs.map(({ left, right }) => [left, right])).toEqual([
    [2, 4],
    [0, 2],
    [0, 4],
  ]);
  expect(pairs[0]!.distances[0]).toBeCloseTo(Math.sqrt((1 + 0.01 ** 2) / 2), 6);
  expect(pairs[0]!.overall).toBeCloseTo(pairs[0]!.distances[0]!, 12);
  expect(listPairs(placed(CROWD), [1])).toEqual([]);
});
