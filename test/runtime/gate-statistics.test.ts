import { describe, expect, test } from 'vitest';
import { randomNumbers } from '../../src/random.js';
import {
  type ClassGates,
  classGatesOf,
  distanceOf,
  pooled,
  specificityOf,
  variancesOf,
} from '../../src/runtime/gate-statistics.js';
import { addObservation, addTally, deviationOf, newTally, type Tally } from '../../src/runtime/gate-tally.js';

const tallyOf = (rows: readonly (readonly number[])[]): Tally => {
  const tally = newTally(rows[0]!.length);
  for (const row of rows) addObservation(tally, row);
  return tally;
};

function expectClose(actual: Float64Array, expected: readonly number[]): void {
  expect(actual.length).toBe(expected.length);
  for (const [channel, value] of expected.entries()) expect(actual[channel]).toBeCloseTo(value, 12);
}

/** Classes of rows of channels, as one study. */
function study(classes: readonly (readonly (readonly number[])[])[], range = 1) {
  const tallies = classes.map(tallyOf);
  const all = newTally(tallies[0]!.mean.length);
  const within = new Float64Array(all.mean.length);
  for (const tally of tallies) {
    addTally(all, tally);
    for (const [channel, squares] of tally.squares.entries()) within[channel]! += squares;
  }
  return { all, within, gates: tallies.map(classGatesOf), variances: variancesOf(all, within, classes.length, range) };
}

/** Normal numbers (Box and Muller). */
function normal(seed: number): () => number {
  const random = randomNumbers(seed, 'normal');
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** So many classes of so many images, each channel around a mean of its class. */
function drawn(seed: number, classes: number, images: number, channels: number, between: number, within: number) {
  const next = normal(seed);
  return Array.from({ length: classes }, () => {
    const centre = Array.from({ length: channels }, () => 0.5 + between * next());
    return Array.from({ length: images }, () => centre.map((value) => value + within * next()));
  });
}

describe('mean and spread', () => {
  const rows = [
    [1, 10],
    [2, 10],
    [4, 13],
    [9, 11],
  ];

  test('of observations taken in one by one', () => {
    const { count, mean, squares } = tallyOf(rows);
    expect(count).toBe(4);
    expectClose(mean, [4, 11]);
    expectClose(squares, [38, 6]);
    expect(deviationOf(tallyOf(rows))[0]).toBeCloseTo(Math.sqrt(38 / 3), 12);
    expect([...deviationOf(tallyOf(rows.slice(0, 1)))]).toEqual([0, 0]);
  });

  test.each([0, 1, 2, 4])('of two tallies put together, the first of %i rows', (split) => {
    const together = newTally(2);
    for (const part of [rows.slice(0, split), rows.slice(split)])
      if (part.length > 0) addTally(together, tallyOf(part));
    addTally(together, newTally(2));
    expect(together.count).toBe(4);
    expectClose(together.mean, [4, 11]);
    expectClose(together.squares, [38, 6]);
  });

  test('of gates that hardly differ: nothing is lost to rounding', () => {
    const tiny = tallyOf(Array.from({ length: 1000 }, (_, at) => [0.9 + (at % 2) * 1e-7]));
    expect(deviationOf(tiny)[0]).toBeCloseTo(0.5e-7 * Math.sqrt(1000 / 999), 14);
  });
});

describe('specificity', () => {
  test('is one where only the class matters, and zero where nothing varies', () => {
    const apart = study([
      [[0.2], [0.2], [0.2]],
      [[0.6], [0.6], [0.6]],
    ]);
    expect(specificityOf(apart.variances)).toBeCloseTo(1, 12);
    const still = study([
      [[0.5], [0.5]],
      [[0.5], [0.5]],
    ]);
    expect(still.variances).toEqual({ total: 0, between: 0, within: 0 });
    expect(specificityOf(still.variances)).toBe(0);
  });

  test('by hand: omega squared', () => {
    // Classes (1, 3) and (6, 8): between 25, within 4, noise 4 / 2 = 2; (25 - 1 * 2) / (29 + 2).
    const { variances } = study([
      [[1], [3]],
      [[6], [8]],
    ]);
    expect(specificityOf(variances)).toBeCloseTo(23 / 31, 12);
    expect(variances.between! + variances.within!).toBeCloseTo(variances.total, 12);
  });

  test.each([
    [0, 0.1],
    [0.05, 0.1],
    [0.1, 0.05],
  ])('is not biased by few images: classes %f apart, images %f', (between, within) => {
    const expected = between ** 2 / (between ** 2 + within ** 2);
    const { variances, ...sums } = study(drawn(1, 40, 3, 500, between, within));
    expect(Math.abs(specificityOf(variances) - expected)).toBeLessThan(0.02);
    // As it stands in the sums, a third of the noise counts as class.
    const total = sums.all.squares.reduce((sum, value) => sum + value, 0);
    const naive = 1 - sums.within.reduce((sum, value) => sum + value, 0) / total;
    expect(naive - expected).toBeGreaterThan(within > between ? 0.2 : 0.04);
  });

  test('channels count by how much they vary', () => {
    const { variances } = study([
      [
        [0.2, 0.5],
        [0.2, 0.50001],
      ],
      [
        [0.8, 0.5],
        [0.8, 0.50001],
      ],
    ]);
    expect(specificityOf(variances)).toBeGreaterThan(0.999);
  });

  test('cannot be known with one class, or one image a class', () => {
    expect(study([[[0.1], [0.5]]]).variances).toEqual({ total: expect.closeTo(0.08, 12), between: null, within: null });
    expect(specificityOf(study([[[0.1]], [[0.5]]]).variances)).toBe(0);
    expect(study([[[0.3]]]).variances).toEqual({ total: 0, between: null, within: null });
  });
});

test('variances are shares of the range', () => {
  const rows = [
    [[0.2], [0.4]],
    [[0.6], [0.6]],
  ];
  const doubled = rows.map((part) => part.map((row) => row.map((value) => 2 * value)));
  const [plain, twice] = [study(rows).variances, study(doubled, 2).variances];
  for (const part of ['total', 'between', 'within'] as const) expect(twice[part]).toBeCloseTo(plain[part]!, 12);
});

test('several modules as one: channels count alike', () => {
  const one = { channels: 1, variances: { total: 0.4, between: 0.3, within: 0.1 } };
  const other = { channels: 3, variances: { total: 0.2, between: 0.1, within: 0.1 } };
  const unknown = { channels: 1, variances: { total: 0.1, between: null, within: null } };
  expect(pooled([one, other]).total).toBeCloseTo(0.25, 12);
  expect(pooled([one, other]).between).toBeCloseTo(0.15, 12);
  expect(pooled([one, unknown])).toEqual({ total: 0.25, between: null, within: null });
});

describe('the distance of two classes', () => {
  const gates = (observations: number, mean: readonly number[], deviation: readonly number[]): ClassGates => ({
    observations,
    mean: Float32Array.from(mean),
    deviation: Float32Array.from(deviation),
  });

  test('is the root mean square difference of their means, as a share of the range', () => {
    const [left, right] = [gates(5, [0.25, 0.5], [0, 0]), gates(5, [0.75, 0.5], [0, 0])];
    expect(distanceOf(left, right, 1)).toBeCloseTo(Math.sqrt(0.125), 7);
    expect(distanceOf(left, right, 2)).toBeCloseTo(Math.sqrt(0.125) / 2, 7);
    expect(distanceOf(left, left, 1)).toBe(0);
  });

  test('is not what chance makes of few images', () => {
    const { gates: same } = study(drawn(3, 2, 4, 2000, 0, 0.1));
    const { gates: apart } = study(drawn(4, 2, 4, 2000, 0.1, 0.1));
    expect(distanceOf(same[0]!, same[1]!, 1)).toBeLessThan(0.02);
    expect(distanceOf(apart[0]!, apart[1]!, 1)).toBeCloseTo(0.1 * Math.SQRT2, 1);
  });
});
