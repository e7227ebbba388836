import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { planRetrofit, readModel, retrofit, writeModel } from '../../src/index.js';
import { resize } from '../cli/refused.js';
import { type BuiltModel, buildModel, graph, groupOf, input, layer, writeBuilt } from '../support/model-builder.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { firstDifference, loadModel, predict, seededInputs, tf, useBackend } from '../support/tensorflow.js';

const folder = temporaryFolder();

afterEach(() => tf.disposeVariables());

/** Frames, each through a model of its own in a TimeDistributed, then a convolution over time. */
function buildWrapped(inner: string): BuiltModel {
  const model = buildModel();
  const wrapped = {
    class_name: 'Sequential',
    config: {
      name: 'frame',
      layers: [
        {
          class_name: 'Dense',
          config: { name: inner, units: 6, activation: 'relu', use_bias: true, batch_input_shape: [null, 4] },
        },
      ],
    },
  };
  const layers = [
    input('frames', [8, 4]),
    layer('TimeDistributed', 'each', { layer: wrapped }, ['frames']),
    layer('Conv1D', 'time', { filters: 5, kernel_size: [3], padding: 'same', activation: 'relu' }, ['each']),
    layer('GlobalAveragePooling1D', 'pool', {}, ['time']),
  ];
  model.json.modelTopology.config = graph('video', layers, ['frames'], ['pool']);
  const weights = [
    { name: `${inner}/kernel`, shape: [4, 6], dtype: 'float32' },
    { name: `${inner}/bias`, shape: [6], dtype: 'float32' },
    { name: 'time/kernel', shape: [3, 6, 5], dtype: 'float32' },
    { name: 'time/bias', shape: [5], dtype: 'float32' },
  ];
  model.json.weightsManifest = [{ paths: ['weights.bin'], weights }];
  const values = Float32Array.from({ length: 24 + 6 + 90 + 5 }, (_, index) => Math.sin(index * 1.7) / 4);
  model.files = new Map([['weights.bin', new Uint8Array(values.buffer)]]);
  return model;
}

test('a model in a TimeDistributed that has no block keeps its weights', async () => {
  await useBackend('cpu');
  const path = writeBuilt(join(folder, 'wrapped'), buildWrapped('dense'));
  const model = await readModel(path);
  const plan = planRetrofit(model);
  expect(plan.sites.map(({ after }) => after)).toEqual(['time']);
  expect(plan.params.before).toBe(24 + 6 + 90 + 5);
  const output = join(folder, 'wrapped-se');
  await writeModel(retrofit(model, plan), output);

  const before = await loadModel(join(folder, 'wrapped'));
  const after = await loadModel(output);
  const inputs = seededInputs(before, 1);
  expect(firstDifference(predict(before, inputs), predict(after, inputs))).toBeUndefined();
});

test('a weight that a layer inside and one outside could own is refused', async () => {
  const built = buildWrapped('time');
  groupOf(built).weights = groupOf(built).weights.slice(0, 2);
  resize(built, -4 * (90 + 5));
  const path = writeBuilt(join(folder, 'twice'), built);
  await expect(readModel(path)).rejects.toMatchObject({ code: 'duplicate-weight', where: { layer: 'time' } });
});
