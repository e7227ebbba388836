import { join } from 'node:path';
import * as tfl from '@tensorflow/tfjs-layers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Model, readModel, retrofit } from '../../src/index.js';
import { findCommonValues } from '../../src/runtime/common-steps.js';
import { commonInputShapes, type InputBatch, seededBatches } from '../../src/runtime/input-batches.js';
import { type LoadedModel, loadModel } from '../../src/runtime/load-model.js';
import { makePredictor, predictionSteps } from '../../src/runtime/predictor.js';
import { startBackend } from '../../src/runtime/start-backend.js';
import type { TensorFlow } from '../../src/runtime/tensorflow.js';
import { verifyModels } from '../../src/runtime/verify-models.js';
import { changeWeight } from '../support/changed-weights.js';
import { LOADABLE_NAMES, readFixture } from '../support/fixtures.js';
import { useNative } from '../support/native.js';
import { saveModel } from '../support/random-retrofit.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { tf } from '../support/tensorflow.js';
import { byTurns } from '../support/turns.js';

const native = useNative();
const folder = temporaryFolder();
const started = new Map<string, TensorFlow>();

beforeAll(async () => {
  started.set('wasm', await startBackend('wasm'));
  if ('folder' in native) started.set('tensorflow', await startBackend('tfjs-node-gpu'));
});
afterAll(() => tf.disposeVariables());

const SAMPLING = { samples: 2, batch: 2, seed: 4 };

/** Makes a backend compute, and says with what. */
async function use(backend: string): Promise<TensorFlow> {
  await tf.setBackend(backend);
  return started.get(backend)!;
}

const batchFor = ({ model, runs }: LoadedModel): InputBatch =>
  [...seededBatches(model, commonInputShapes(runs, runs, ''), SAMPLING)][0]!;

const inputsOf = ({ inputs }: InputBatch): tf.Tensor[] =>
  inputs.map(({ values, shape }) => tf.tensor(values, [...shape]));

const valuesOf = (tensors: readonly tf.Tensor[]): readonly Float32Array[] =>
  tensors.map((tensor) => Float32Array.from(tensor.dataSync()));

/** A model's outputs as the predictor and as TensorFlow.js itself computes them. */
async function bothWays(tensorflow: TensorFlow, model: Model) {
  const loaded = await loadModel(tensorflow, model);
  const { predict, end } = makePredictor(tensorflow, loaded.runs);
  let found: readonly (readonly Float32Array[])[] = [];
  tf.tidy(() => {
    const inputs = inputsOf(batchFor(loaded));
    found = [valuesOf(predict(inputs)), valuesOf([loaded.runs.predictOnBatch(inputs)].flat())];
  });
  end();
  loaded.runs.dispose();
  return found as readonly [readonly Float32Array[], readonly Float32Array[]];
}

describe('a prediction is what TensorFlow.js computes', () => {
  test.each(byTurns(LOADABLE_NAMES, 3))('%s: on wasm but for the last bits', async (name) => {
    const [found, expected] = await bothWays(await use('wasm'), await readFixture(name));
    expect(found.length).toBe(expected.length);
    for (const [index, values] of expected.entries()) {
      const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-3);
      expect(found[index]!.length).toBe(values.length);
      for (const [at, value] of values.entries())
        expect(Math.abs(value - found[index]![at]!) / largest).toBeLessThan(1e-5);
    }
  });

  test.skipIf('reason' in native).each(byTurns(LOADABLE_NAMES, 3, 1))(
    '%s: on a native backend bit for bit',
    async (name) => {
      const [found, expected] = await bothWays(await use('tensorflow'), await readFixture(name));
      expect(found).toEqual(expected);
    },
  );

  test.skipIf('reason' in native)('TensorFlow computes convolutions together with what follows them', async () => {
    const tensorflow = await use('tensorflow');
    const { runs } = await loadModel(tensorflow, await readFixture('mobilenet-v2'));
    const { steps, end } = predictionSteps(tensorflow, runs);
    end();
    const joined = steps.filter(({ layers }) => layers.length > 1).map(({ layers }) => layers.length);
    expect(joined).toContain(2);
    expect(joined).toContain(3);
  });

  test.each(['gamma', 'moving_mean', 'moving_variance'])(
    '%s with an infinity: as the layers one by one have it',
    async (weight) => {
      const tensorflow = await use('wasm');
      const { graph } = await readFixture('mobilenet-v2');
      const norm = graph.layers.find(({ className }) => className === 'BatchNormalization')!;
      const broken = changeWeight(await readFixture('mobilenet-v2'), norm.name, weight, (values) => {
        values[1] = Number.POSITIVE_INFINITY;
        return values;
      });
      const [found, expected] = await bothWays(tensorflow, broken);
      for (const [index, values] of expected.entries())
        for (const [at, value] of values.entries()) expect(found[index]![at]).toBeCloseTo(value, 5);
    },
  );

  test('inputs of another shape are refused', async () => {
    const tensorflow = await use('wasm');
    const { runs } = await loadModel(tensorflow, await readFixture('resnet-v1'));
    const { predict } = makePredictor(tensorflow, runs);
    expect(() => tf.tidy(() => predict([tf.zeros([2, 8, 8, 3])])[0]!)).toThrow(
      /shape \[any, 32, 32, 3\].*\[2, 8, 8, 3\]/,
    );
  });

  test('what was kept goes at the end', async () => {
    const tensorflow = await use('wasm');
    const loaded = await loadModel(tensorflow, await readFixture('resnet-v1'));
    const atFirst = tf.memory().numTensors;
    const { predict, end } = makePredictor(tensorflow, loaded.runs);
    tf.tidy(() => {
      valuesOf(predict(inputsOf(batchFor(loaded))));
    });
    expect(tf.memory().numTensors).toBeGreaterThan(atFirst);
    end();
    expect(tf.memory().numTensors).toBe(atFirst);
  });
});

describe('two models', () => {
  /** The layers of the second model that need not be computed again. */
  async function commonLayers(first: Model, second: Model): Promise<readonly string[]> {
    const tensorflow = await use('wasm');
    const traced = async (model: Model) => {
      const loaded = await loadModel(tensorflow, model);
      return { ...predictionSteps(tensorflow, loaded.runs), loaded };
    };
    const [left, right] = [await traced(first), await traced(second)];
    const common = findCommonValues(left, right);
    return right.steps
      .filter(({ outputs }) => outputs.every((value) => common.has(value)))
      .flatMap(({ layers }) => layers.map(({ name }) => name));
  }

  const nameAll = ({ graph }: Model): readonly string[] =>
    graph.layers.filter(({ className }) => className !== 'InputLayer').map(({ name }) => name);

  test('what both begin with is computed once: all of the same, up to the first module of a retrofit', async () => {
    const model = await readFixture('resnet-v1');
    expect(new Set(await commonLayers(model, await readFixture('resnet-v1')))).toEqual(new Set(nameAll(model)));
    const found = await commonLayers(model, retrofit(model));
    expect(found).toContain(nameAll(model)[0]);
    expect(found.length).toBeLessThan(nameAll(model).length / 2);
  });

  test('a weight or a setting that differs ends it', async () => {
    const model = await readFixture('resnet-v1');
    const [first] = model.graph.layers.filter(({ weights }) => weights.length > 0);
    const nudged = changeWeight(model, first!.name, first!.weights[0]!.name, (values) => {
      values[0] = values[0]! + 1e-6;
      return values;
    });
    // Only what stands before it.
    expect(await commonLayers(model, nudged)).toEqual(['conv1_pad']);
    const last = changeWeight(model, 'predictions', 'bias', (values) => values.fill(3));
    const common = await commonLayers(model, last);
    expect(nameAll(model).filter((name) => !common.includes(name))).toEqual(['predictions']);
    const steep = (alpha: number) =>
      tfl.sequential({
        layers: [
          tfl.layers.leakyReLU({ alpha, inputShape: [4, 4, 3], name: 'leaky' }),
          tfl.layers.flatten({ name: 'flat' }),
        ],
      });
    const [gentle, steeper, same] = [
      await saved('a', steep(0.1)),
      await saved('b', steep(0.3)),
      await saved('c', steep(0.1)),
    ];
    expect(await commonLayers(gentle, steeper)).toEqual([]);
    expect(await commonLayers(gentle, same)).toEqual(['leaky', 'flat']);
  });

  async function saved(name: string, model: tfl.LayersModel): Promise<Model> {
    await saveModel(model, join(folder, name));
    return readModel(join(folder, name));
  }

  test('a stateful layer computes in both', async () => {
    const make = () =>
      tfl.sequential({
        layers: [
          tfl.layers.dense({ units: 3, batchInputShape: [2, 5, 3], name: 'before' }),
          tfl.layers.simpleRNN({ units: 2, stateful: true, name: 'recurrent' }),
        ],
      });
    const model = await saved('stateful', make());
    expect(await commonLayers(model, await readModel(join(folder, 'stateful')))).toEqual(['before']);
  });

  test('a layer between a convolution and its norm that does nothing makes no difference', async () => {
    const tensorflow = await use('wasm');
    const make = (between: readonly tfl.layers.Layer[]) =>
      tfl.sequential({
        layers: [
          tfl.layers.conv2d({
            filters: 8,
            kernelSize: 3,
            useBias: false,
            inputShape: [12, 12, 3],
            name: 'convolution',
          }),
          ...between,
          tfl.layers.batchNormalization({ name: 'norm' }),
          tfl.layers.globalAveragePooling2d({ dataFormat: 'channelsLast', name: 'pool' }),
        ],
      });
    const [plain, longer] = [make([]), make([tfl.layers.activation({ activation: 'linear', name: 'between' })])];
    const weights = plain
      .getWeights()
      .map(({ shape }, index) => tf.randomUniform(shape, 0.1, 1.3, 'float32', index + 1));
    plain.setWeights(weights);
    longer.setWeights(weights);
    const [first, second] = [
      await loadModel(tensorflow, await saved('plain', plain)),
      await loadModel(tensorflow, await saved('longer', longer)),
    ];
    const batches = seededBatches(first.model, commonInputShapes(first.runs, second.runs, ''), SAMPLING);
    const found = await verifyModels(tensorflow, first, second, batches, { time: false });
    expect(found).toMatchObject({ identical: true, maxAbsDiff: 0 });
  });
});
