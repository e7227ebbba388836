import { join } from 'node:path';
import * as tfl from '@tensorflow/tfjs-layers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Model, readModel, retrofit } from '../../src/index.js';
import { commonInputShapes, type InputBatch, seededBatches } from '../../src/runtime/input-batches.js';
import { type LoadedModel, loadModel } from '../../src/runtime/load-model.js';
import { startBackend } from '../../src/runtime/start-backend.js';
import type { TensorFlow } from '../../src/runtime/tensorflow.js';
import { verifyModels } from '../../src/runtime/verify-models.js';
import { changeWeight } from '../support/changed-weights.js';
import { readFixture } from '../support/fixtures.js';
import { saveModel } from '../support/random-retrofit.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { tf } from '../support/tensorflow.js';

const folder = temporaryFolder();
let tensorflow: TensorFlow;
beforeAll(async () => {
  tensorflow = await startBackend('wasm');
});
afterAll(() => tf.disposeVariables());

const SAMPLING = { samples: 4, batch: 32, seed: 1 };

const loadBoth = async (before: Model, after: Model): Promise<readonly [LoadedModel, LoadedModel]> => [
  await loadModel(tensorflow, before),
  await loadModel(tensorflow, after),
];

async function verify(before: Model, after: Model, sampling = SAMPLING, time = false) {
  const [first, second] = await loadBoth(before, after);
  const batches = seededBatches(first.model, commonInputShapes(first.runs, second.runs, ''), sampling);
  return verifyModels(tensorflow, first, second, batches, { time });
}

describe('two models on the same inputs', () => {
  test.each(['resnet-v1', 'multi-io', 'resnet-null-sizes', 'unet-resizable', 'conv1d-residual', 'siamese'])(
    '%s and its retrofit: identical',
    async (name) => {
      const before = await readFixture(name);
      const found = await verify(before, retrofit(before));
      expect(found).toMatchObject({ identical: true, maxAbsDiff: 0, firstDifference: null, examples: 4, timing: null });
      expect(found.outputs.map(({ maxAbsDiff }) => maxAbsDiff)).toEqual(Array(before.graph.outputs.length).fill(0));
    },
  );

  test('the largest difference of each output', async () => {
    const before = await readFixture('multi-io');
    const outputs = before.graph.outputs.map(({ layer }) => layer);
    const after = changeWeight(before, outputs[0]!, 'bias', (values) => values.map((value, index) => value + index));
    const found = await verify(before, after);
    expect(found.identical).toBe(false);
    expect(found.firstDifference).toBe(outputs[0]);
    const [first, ...others] = found.outputs;
    expect(first!.maxAbsDiff).toBeGreaterThan(0);
    expect(found.maxAbsDiff).toBe(first!.maxAbsDiff);
    expect(others.map(({ maxAbsDiff }) => maxAbsDiff)).toEqual([0]);
  });

  test('in batches as at once', async () => {
    const before = await readFixture('resnet-v1');
    const after = changeWeight(before, 'predictions', 'bias', (values) => values.map((value, index) => value + index));
    const [runSync, inBatches] = [
      await verify(before, after, { ...SAMPLING, samples: 5 }),
      await verify(before, after, { ...SAMPLING, samples: 5, batch: 2 }),
    ];
    expect(inBatches.examples).toBe(5);
    expect(inBatches.maxAbsDiff).toBeCloseTo(runSync.maxAbsDiff!, 6);
    expect(inBatches.firstDifference).toBe('predictions');
  });

  test('NaN is identical to NaN, and no number is near to it', async () => {
    const before = await readFixture('resnet-v1');
    const broken = changeWeight(before, 'predictions', 'bias', (values) => values.fill(Number.NaN));
    expect(await verify(broken, broken)).toMatchObject({ identical: true, maxAbsDiff: 0, firstDifference: null });
    for (const [left, right] of [
      [before, broken],
      [broken, before],
    ] as const) {
      expect(await verify(left, right)).toMatchObject({
        identical: false,
        maxAbsDiff: null,
        firstDifference: 'predictions',
      });
    }
  });

  test('a NaN that the kernels of wasm overlook is none of its numbers', async () => {
    const before = await readFixture('mobilenet-v2');
    const norm = before.graph.layers.find(({ className }) => className === 'BatchNormalization')!;
    const broken = changeWeight(before, norm.name, 'moving_variance', (values) => {
      values[0] = -5;
      return values;
    });
    for (const [left, right] of [
      [before, broken],
      [broken, before],
      [broken, broken],
    ] as const) {
      await expect(verify(left, right)).rejects.toMatchObject({ code: 'cannot-compute' });
    }
  });

  test('other inputs, other outputs: not to be compared', async () => {
    const pairs = [
      ['multi-io', 'resnet-v1'],
      ['vgg', 'vgg-notop'],
      ['conv1d-residual', 'vgg'],
    ] as const;
    for (const [left, right] of pairs) {
      await expect(verify(await readFixture(left), await readFixture(right))).rejects.toMatchObject({
        code: 'not-comparable',
        kind: 'input',
      });
    }
  });

  test('time: both take some, and the same model takes what it takes', async () => {
    const model = await readFixture('resnet-v1');
    const { timing } = await verify(model, model, SAMPLING, true);
    for (const value of Object.values(timing!)) expect(value).toBeGreaterThan(0);
  });

  test('tensors of the comparison do not stay', async () => {
    const model = await readFixture('resnet-v1');
    const [first, second] = await loadBoth(
      model,
      changeWeight(model, 'predictions', 'bias', (values) => values.map((_, index) => index)),
    );
    const shapes = commonInputShapes(first.runs, second.runs, '');
    const run = () =>
      verifyModels(tensorflow, first, second, seededBatches(first.model, shapes, SAMPLING), { time: false });
    await run();
    const before = tf.memory().numTensors;
    expect((await run()).identical).toBe(false);
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('seeded inputs', () => {
  const drawn = async (model: Model, sampling = SAMPLING): Promise<readonly InputBatch[]> => {
    const { runs, model: converted } = await loadModel(tensorflow, model);
    return [...seededBatches(converted, commonInputShapes(runs, runs, ''), sampling)];
  };

  test('the same for a seed, others for another, none twice', async () => {
    const model = await readFixture('multi-io');
    const [batch] = await drawn(model);
    expect(await drawn(model)).toEqual([batch]);
    expect(await drawn(model, { ...SAMPLING, seed: 2 })).not.toEqual([batch]);
    const all = batch!.inputs.flatMap(({ values }) => [...values]);
    expect(new Set(all).size).toBeGreaterThan(all.length * 0.99);
    expect(Math.min(...all)).toBeLessThan(-0.9);
    expect(Math.max(...all)).toBeGreaterThan(0.9);
    const inBatches = await drawn(model, { ...SAMPLING, batch: 3 });
    expect(inBatches.map(({ count }) => count)).toEqual([3, 1]);
    expect(inBatches.flatMap(({ inputs }) => [...inputs[0]!.values])).toEqual([...batch!.inputs[0]!.values]);
  });

  test('open sizes are filled in', async () => {
    const [batch] = await drawn(await readFixture('resnet-null-sizes'));
    expect(batch!.inputs[0]!.shape).toEqual([4, 96, 96, 3]);
  });

  test('whole numbers below the size of the table for an Embedding, nested ones too', async () => {
    const inner = tfl.sequential({
      layers: [
        tfl.layers.reshape({ targetShape: [6], inputShape: [6] }),
        tfl.layers.embedding({ inputDim: 5, outputDim: 2 }),
      ],
    });
    const [words, others] = [tfl.input({ shape: [6] }), tfl.input({ shape: [6] })];
    const looked = tfl.layers.flatten().apply(inner.apply(words)) as tfl.SymbolicTensor;
    const outputs = tfl.layers.concatenate().apply([looked, others]) as tfl.SymbolicTensor;
    await saveModel(tfl.model({ inputs: [words, others], outputs }), join(folder, 'words'));
    const model = await readModel(join(folder, 'words'));
    const [batch] = await drawn(model, { ...SAMPLING, samples: 100 });
    expect([...new Set(batch!.inputs[0]!.values)].sort()).toEqual([0, 1, 2, 3, 4]);
    expect(batch!.inputs[1]!.values.every(Number.isInteger)).toBe(false);
    expect(await verify(model, model)).toMatchObject({ identical: true });
  });

  test('whole numbers for an input of whole numbers', async () => {
    const input = tfl.input({ shape: [50], dtype: 'int32' });
    const outputs = tfl.layers.dense({ units: 2 }).apply(input) as tfl.SymbolicTensor;
    await saveModel(tfl.model({ inputs: input, outputs }), join(folder, 'whole'));
    const [batch] = await drawn(await readModel(join(folder, 'whole')));
    const { values } = batch!.inputs[0]!;
    expect(values.every((value) => Number.isInteger(value) && value >= 0 && value < 256)).toBe(true);
    expect(Math.max(...values)).toBeGreaterThan(200);
  });

  test('nothing is made of a size that a model only claims', async () => {
    const model = tfl.sequential({
      layers: [tfl.layers.globalAveragePooling2d({ inputShape: [60_000, 60_000, 3] }), tfl.layers.dense({ units: 1 })],
    });
    await saveModel(model, join(folder, 'huge'));
    await expect(drawn(await readModel(join(folder, 'huge')))).rejects.toMatchObject({ code: 'input-too-large' });
  });

  test('a batch size that the model fixes', async () => {
    const model = tfl.sequential({ layers: [tfl.layers.dense({ units: 2, batchInputShape: [3, 4] })] });
    await saveModel(model, join(folder, 'fixed'));
    const batches = await drawn(await readModel(join(folder, 'fixed')));
    expect(batches.map(({ count }) => count)).toEqual([3, 3]);
  });
});
