import { afterEach, describe, expect, test } from 'vitest';
import type { RetrofitOptions } from '../../src/index.js';
import { LOADABLE_NAMES } from '../support/fixtures.js';
import { isAll } from '../support/is-all.js';
import { pairwise } from '../support/pairwise.js';
import { expectSameBits, retrofitFixture } from '../support/retrofitted.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { BACKENDS, tf, useBackend } from '../support/tensorflow.js';
import { byTurns, SEED as TURN } from '../support/turns.js';

const folder = temporaryFolder();

/** Models that hold a module in every block already, or whose dimensions TensorFlow.js cannot pool. */
const WITHOUT_SITES: readonly string[] = [
  'conv3d-plain',
  'efficientnet-like',
  'hard-sigmoid-se',
  'se-already',
  'single-channel',
];

const ONE_BY_ONE: readonly Partial<RetrofitOptions>[] = [
  { ratio: 2 },
  { placement: 'pre' },
  { placement: 'post' },
  { placement: 'identity' },
  { granularity: 'stage' },
  { granularity: 'conv' },
  { form: 'conv' },
  { squeeze: 'max' },
  { bias: true },
  { minUnits: 5 },
  { seed: 7 },
  { skipStages: ['last'] },
  { stages: [1] },
];

const SEED = 20_261_124;
const COMBINATIONS = pairwise(
  {
    ratio: [2, 16, 2.5],
    placement: ['standard', 'pre', 'post', 'identity'],
    granularity: ['block', 'stage', 'conv'],
    form: ['dense', 'conv'],
    squeeze: ['avg', 'max'],
    bias: [false, true],
    minUnits: [1, 2, 3],
    seed: [0, 1, 2 ** 32 - 1],
  },
  SEED,
) as readonly Partial<RetrofitOptions>[];
const COMBINATIONS_A_MODEL = isAll ? COMBINATIONS.length : 1;

afterEach(() => tf.disposeVariables());

/** Each backend takes every second model, the two together all of them. */
const namesFor = (backend: (typeof BACKENDS)[number], other: number) =>
  LOADABLE_NAMES.map((name, index) => ({ name, index })).filter(
    ({ index }) => isAll || (index + other + TURN) % BACKENDS.length === BACKENDS.indexOf(backend),
  );

describe.each(BACKENDS)('on the %s backend', (backend) => {
  test.each(namesFor(backend, 1))('$name predicts the same bits with default options', async ({ name }) => {
    await useBackend(backend);
    const result = await retrofitFixture(name, {}, folder);
    expect(result === undefined).toBe(WITHOUT_SITES.includes(name));
    if (result === undefined) return;
    expect(result.plan.exact).toBe(true);
    await expectSameBits(name, result.output);
  });

  test.each(namesFor(backend, 0))('$name predicts the same bits with an option', async ({ name, index }) => {
    await useBackend(backend);
    // Every fourth by turns; another seed takes others.
    for (const options of byTurns(ONE_BY_ONE, 16, index >> 1)) {
      const result = await retrofitFixture(name, options, folder);
      if (result !== undefined) await expectSameBits(name, result.output, JSON.stringify(options));
    }
  });

  test.each(namesFor(backend, 1))(
    `$name predicts the same bits with combined options (seed ${SEED})`,
    async ({ name, index }) => {
      await useBackend(backend);
      for (let row = 0; row < COMBINATIONS_A_MODEL; row++) {
        const options = COMBINATIONS[(index * COMBINATIONS_A_MODEL + row) % COMBINATIONS.length]!;
        const result = await retrofitFixture(name, options, folder);
        if (result !== undefined) await expectSameBits(name, result.output, JSON.stringify(options));
      }
    },
  );
});

test('options are combined pair by pair', () => {
  expect(COMBINATIONS.length).toBeGreaterThan(11);
  expect(COMBINATIONS.length).toBeLessThan(40);
});
