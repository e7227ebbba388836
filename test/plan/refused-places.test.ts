import { join } from 'node:path';
import { expect, test } from 'vitest';
import { RetrofitError, readModel } from '../../src/index.js';
import type { Model } from '../../src/model/model.js';
import type { RetrofitOptions } from '../../src/plan/options.js';
import { planRetrofit, surveyRetrofit } from '../../src/plan/plan-retrofit.js';
import { readFixture } from '../support/fixtures.js';
import {
  type BuiltModel,
  buildModel,
  graph,
  input,
  type LayerJson,
  layer,
  writeBuilt,
} from '../support/model-builder.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const folder = temporaryFolder();
let count = 0;

/** Words through an Embedding, and whatever follows it. */
function readWords(embedding: Record<string, unknown>, behind: readonly LayerJson[]): Promise<Model> {
  const layers = [
    input('words', [5]),
    layer('Embedding', 'embedding', { input_dim: 7, output_dim: 4, ...embedding }, ['words']),
    ...behind,
  ];
  const model: BuiltModel = buildModel();
  model.json.modelTopology.config = graph('words', layers, ['words'], [layers.at(-1)!.name]);
  const weights = [
    { name: 'embedding/embeddings', shape: [7, 4], dtype: 'float32' },
    ...behind
      .filter(({ class_name }) => class_name === 'Dense')
      .map(({ name }) => ({ name: `${name}/kernel`, shape: [4, 4], dtype: 'float32' })),
  ];
  model.json.weightsManifest = [{ paths: ['weights.bin'], weights }];
  const bytes = 4 * weights.reduce((sum, { shape }) => sum + shape[0]! * shape[1]!, 0);
  model.files = new Map([['weights.bin', new Uint8Array(bytes)]]);
  return readModel(writeBuilt(join(folder, `words-${count++}`), model));
}

const dense = (name: string, before: string) => layer('Dense', name, { units: 4, use_bias: false }, [before]);

/** Why no module can stand there; undefined where one can. */
function refusal(model: Model, options: Partial<RetrofitOptions>): RetrofitError | undefined {
  try {
    planRetrofit(model, options);
    return undefined;
  } catch (error) {
    if (error instanceof RetrofitError) return error;
    throw error;
  }
}

const reasonAt = (model: Model, at: string) => refusal(model, { at: [at] })?.reasons[0]?.code;

test('behind a layer that makes a mask, and behind those that pass it on', async () => {
  const model = await readWords({ mask_zero: true }, [
    dense('first', 'embedding'),
    layer('LeakyReLU', 'leaky', {}, ['first']),
    layer('MaxPooling1D', 'pool', { pool_size: [2] }, ['leaky']),
  ]);
  expect(reasonAt(model, 'embedding')).toBe('carries-mask');
  expect(reasonAt(model, 'first')).toBe('carries-mask');
  expect(reasonAt(model, 'leaky')).toBe('carries-mask');
  expect(reasonAt(model, 'pool')).toBeUndefined();
  // A product with a gate keeps the mask in Keras 2, and has none in Keras 3.
  const inKeras = (dialect: 'keras2' | 'keras3'): Model => ({
    ...model,
    format: { container: 'keras-h5', dialect, weightLayout: 'legacy-hdf5' },
  });
  expect(reasonAt(inKeras('keras2'), 'leaky')).toBeUndefined();
  expect(reasonAt(inKeras('keras3'), 'leaky')).toBe('carries-mask');
});

test('without a mask both take a module, in a stage that is counted', async () => {
  const model = await readWords({ mask_zero: false }, [dense('first', 'embedding')]);
  expect(reasonAt(model, 'embedding')).toBeUndefined();
  const { stages, sites } = planRetrofit(model, { at: ['first'] });
  expect(sites).toHaveLength(1);
  expect(stages.map(({ stage, size, channels, sites: own }) => [stage, size, channels, own.length])).toEqual([
    [1, [5], 4, 1],
  ]);
});

test.each(['block1/squeeze', 'block1/fc1'])('behind %s, whose keepdims TensorFlow.js ignores', async (at) => {
  expect(reasonAt(await readFixture('hard-sigmoid-se'), at)).toBe('keepdims-ignored');
});

test('behind a layer whose calls give other numbers of channels', async () => {
  const model = buildModel();
  const layers = model.json.modelTopology.config.layers;
  const shared = layer('ReLU', 'shared', {}, ['image']);
  shared.inbound_nodes = [[['image', 0, 0, {}]], [['stem', 0, 0, {}]]];
  layers.splice(2, 0, shared);
  layers[3]!.inbound_nodes = [[['shared', 1, 0, {}]]];
  expect(reasonAt(await readModel(writeBuilt(join(folder, 'calls'), model)), 'shared')).toBe('calls-differ');
});

test('with --at nothing that was not asked for is skipped', async () => {
  const { sites, skipped } = planRetrofit(await readFixture('unet'), { at: ['conv2d_7'] });
  expect(sites).toHaveLength(1);
  expect(skipped).toEqual([]);
});

test('a layer without a feature map says so', async () => {
  const error = refusal(await readFixture('resnet-v1'), { at: ['predictions'] });
  expect(error).toMatchObject({ code: 'nothing-chosen', where: { field: 'at' } });
  expect(error!.reasons).toEqual([{ code: 'no-features', layer: 'predictions' }]);
});

test('where no block takes a module, the error says of each why', async () => {
  const model = await readFixture('resnet-v1');
  const options = { stages: [1] };
  const error = refusal(model, options);
  const { skipped } = surveyRetrofit(model, options);
  expect(skipped.length).toBeGreaterThan(1);
  expect(error!.reasons).toEqual(skipped.map(({ layer: name, reason }) => ({ code: reason, layer: name })));
});
