import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { inspect, planRetrofit, RetrofitError, readModel, retrofit, writeModel } from '../../src/index.js';
import { isAll } from '../support/is-all.js';
import { randomNetwork } from '../support/random-network.js';
import { randomOptions, saveModel } from '../support/random-retrofit.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { firstDifference, loadModel, predict, seededInputs, tf, useBackend } from '../support/tensorflow.js';
import { SEED } from '../support/turns.js';

const folder = temporaryFolder();
const COUNT = isAll ? 1000 : 40;

beforeAll(() => useBackend('cpu'));

const REFUSALS: readonly string[] = ['nothing-found', 'nothing-chosen', 'already-retrofitted'];

test.each(Array.from({ length: COUNT }, (_, index) => SEED + index))(
  'network %i predicts the same bits',
  async (seed) => {
    const network = randomNetwork(seed);
    const input = join(folder, `${seed}`);
    await saveModel(network, input);
    const inputs = seededInputs(network, seed, 16);
    const before = predict(network, inputs);
    expect(before.every((values) => values.every(Number.isFinite))).toBe(true);

    const model = await readModel(input);
    expect(inspect(model).loads.find(({ loader }) => loader === 'tfjs')!.ok).toBe(true);
    try {
      const plan = planRetrofit(model, randomOptions(seed));
      const output = join(folder, `${seed}-se`);
      await writeModel(retrofit(model, plan), output);
      const after = await loadModel(output);
      expect(plan.exact).toBe(true);
      expect(firstDifference(before, predict(after, inputs)), JSON.stringify(randomOptions(seed))).toBeUndefined();
    } catch (error) {
      if (!(error instanceof RetrofitError && REFUSALS.includes(error.code))) throw error;
    } finally {
      tf.disposeVariables();
      tf.dispose();
    }
  },
);
