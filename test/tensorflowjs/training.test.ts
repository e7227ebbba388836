import { train } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { randomNumbers } from '../../src/random.js';
import { isAll } from '../support/is-all.js';
import { retrofitFixture } from '../support/retrofitted.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { loadModel, seededInputs, tf, useBackend } from '../support/tensorflow.js';

const folder = temporaryFolder();

beforeAll(() => useBackend('cpu'));
// A dropout behind few units may leave nothing of a gradient: each test gets the same masks.
beforeEach(() => {
  vi.spyOn(Math, 'random').mockImplementation(randomNumbers(1, 'dropout'));
});
afterEach(() => {
  vi.restoreAllMocks();
  tf.disposeVariables();
});

/** One model a block kind and a road, and those where training could be stopped by a flag. */
const MODELS: readonly string[] = [
  'resnet-v1',
  'resnet-v2',
  'mobilenet-v1',
  'mobilenet-v2',
  'inception',
  'densenet',
  'vgg',
  'unet',
  'xception-like',
  'siamese',
  'shared-layers',
  'frozen-root',
  'nested-deep',
  'vgg-bn',
  'quantized-uint8',
];
const SEEDS = isAll ? 20 : 1;

const isExpand = (name: string) => /se_[\d_]+_expand\/kernel/.test(name);

function variables(model: LayersModel): ReadonlyMap<string, Float32Array> {
  const found = new Map<string, Float32Array>();
  for (const weight of model.weights)
    found.set((weight as unknown as { originalName: string }).originalName, weight.read().dataSync() as Float32Array);
  return found;
}

/** One step of plain gradient descent towards a target that no gate can reach. */
async function trainOneStep(model: LayersModel): Promise<void> {
  const inputs = seededInputs(model, 3);
  const targets = model.outputs.map((output, index) => {
    const shape = output.shape.map((size, axis) => size ?? (axis === 0 ? 2 : 24));
    return tf.tensor(
      Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, at) => Math.cos(at * 3.7 + index)),
      shape,
    );
  });
  model.compile({ optimizer: train.sgd(0.1), loss: 'meanSquaredError' });
  await model.trainOnBatch(inputs.length === 1 ? inputs[0]! : inputs, targets.length === 1 ? targets[0]! : targets);
}

test.each(MODELS)('%s: one step moves every expand kernel', async (name) => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const result = await retrofitFixture(name, { seed }, folder);
    const model = await loadModel(result!.output);
    const before = variables(model);
    await trainOneStep(model);
    const after = variables(model);

    const expands = [...before.keys()].filter(isExpand);
    expect(expands).toHaveLength(result!.plan.sites.length);
    for (const expand of expands) {
      expect(
        before.get(expand)!.every((value) => value === 0),
        expand,
      ).toBe(true);
      expect(
        after.get(expand)!.some((value) => value !== 0),
        `${expand}, seed ${seed}`,
      ).toBe(true);
    }
    tf.disposeVariables();
  }
});

test('a model that was frozen as a whole trains its modules and nothing else', async () => {
  const result = await retrofitFixture('frozen-root', {}, folder);
  const model = await loadModel(result!.output);
  const trainable = model.trainableWeights.map((weight) => weight.originalName);
  expect(trainable.length).toBeGreaterThan(0);
  expect(trainable.filter((name) => !name.startsWith('se_'))).toEqual([]);
});
