import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { bake, planBake, type RetrofitOptions, readModel, writeModel } from '../../src/index.js';
import { distance, withConstantGates } from '../support/constant-gates.js';
import { LOADABLE_NAMES } from '../support/fixtures.js';
import { retrofitFixture } from '../support/retrofitted.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { loadModel, predict, seededInputs, tf, useBackend } from '../support/tensorflow.js';
import { byTurns } from '../support/turns.js';

// Real TensorFlow.js computes the same with constant gates folded away as with modules whose gates are those constants.

const folder = temporaryFolder();
let count = 0;
const newPath = () => join(folder, `bake-${count++}`);

beforeAll(() => useBackend('cpu'));
afterEach(() => tf.disposeVariables());

const OPTIONS: readonly Partial<RetrofitOptions>[] = [
  {},
  { placement: 'pre' },
  { placement: 'post', form: 'conv' },
  { placement: 'identity' },
  { granularity: 'conv' },
];

/** Every model takes one of the options; the seed says which. */
const optionsFor = (index: number) => byTurns(OPTIONS, OPTIONS.length, index);

describe.each(LOADABLE_NAMES.map((name, index) => ({ name, index })))('$name', ({ name, index }) => {
  test.each(optionsFor(index))('%o', async (options) => {
    const after = await retrofitFixture(name, { ratio: 4, ...options, bias: true }, folder);
    if (after === undefined) return;
    const { model, gates } = withConstantGates(await readModel(after.output));
    const [constant, baked] = [newPath(), newPath()];
    await writeModel(model, constant);
    const plan = planBake(model);
    await writeModel(bake(await readModel(constant), gates), baked);

    const read = await readModel(baked);
    const names = [...after.plan.sites.map((site) => site.name)];
    expect(read.record?.modules.map((module) => module.name) ?? []).toEqual(plan.kept.map((module) => module.name));
    const [left, right] = [await loadModel(constant), await loadModel(baked)];
    expect(names.length).toBe(plan.modules.length + plan.kept.length);
    const inputs = seededInputs(left, 1);
    const outputs = predict(right, inputs);
    for (const [index, expected] of predict(left, inputs).entries()) {
      const { most, largest } = distance(expected, outputs[index]!);
      expect(most, `output ${index}`).toBeLessThanOrEqual(1e-5 * Math.max(largest, 1e-3));
    }
  });
});
