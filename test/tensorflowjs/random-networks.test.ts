import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { beforeAll, expect, test } from 'vitest';
import {
  inspect,
  planRetrofit,
  RetrofitError,
  type RetrofitOptions,
  readModel,
  retrofit,
  writeModel,
} from '../../src/index.js';
import { randomIndex } from '../support/pairwise.js';
import { randomNetwork } from '../support/random-network.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { firstDifference, loadModel, predict, seededInputs, tf, useBackend } from '../support/tensorflow.js';

const folder = temporaryFolder();
const FIRST_SEED = Number(process.env.SE_RETROFIT_SEED ?? 1);
const COUNT = process.env.SE_RETROFIT_TEST_ALL ? 1000 : 150;

beforeAll(() => useBackend('cpu'));

/** Saves a model as TensorFlow.js does: its own topology, weights in one file. */
async function save(model: LayersModel, output: string): Promise<void> {
  mkdirSync(output, { recursive: true });
  await model.save({
    save: async (artifacts) => {
      const { weightData, weightSpecs, ...rest } = artifacts;
      writeFileSync(join(output, 'weights.bin'), new Uint8Array(weightData as ArrayBuffer));
      writeFileSync(
        join(output, 'model.json'),
        JSON.stringify({ ...rest, weightsManifest: [{ paths: ['weights.bin'], weights: weightSpecs }] }),
      );
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
    },
  });
}

function randomOptions(seed: number): Partial<RetrofitOptions> {
  const random = randomIndex(seed ^ 0x5eed);
  const pick = <T>(values: readonly T[]): T => values[random(values.length)]!;
  return {
    ratio: pick([1, 2, 16]),
    placement: pick(['standard', 'standard', 'pre', 'post', 'identity']),
    granularity: pick(['block', 'block', 'conv', 'stage']),
    form: pick(['dense', 'conv']),
    squeeze: pick(['avg', 'max']),
    bias: pick([false, true]),
    seed,
  };
}

const REFUSALS: readonly string[] = ['nothing-found', 'nothing-chosen', 'already-retrofitted'];

test.each(Array.from({ length: COUNT }, (_, index) => FIRST_SEED + index))(
  'network %i predicts the same bits',
  async (seed) => {
    const network = randomNetwork(seed);
    const input = join(folder, `${seed}`);
    await save(network, input);
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
