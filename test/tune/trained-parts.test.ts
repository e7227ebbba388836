import { beforeAll, describe, expect, test } from 'vitest';
import { type Model, readModel, replaceHead, retrofit, weightKey, writeModel } from '../../src/index.js';
import { withSetting } from '../../src/model/map-layers.js';
import type { Layer } from '../../src/model/model.js';
import { loadModel } from '../../src/runtime/load-model.js';
import { startBackend } from '../../src/runtime/start-backend.js';
import { makeNetwork } from '../../src/tune/network.js';
import type { TrainPart } from '../../src/tune/tune-options.js';
import { allValues } from '../support/all-values.js';
import { readFixture } from '../support/fixtures.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { makeExamples, trainOnce } from '../support/tuning.js';

const folder = temporaryFolder();
let count = 0;

beforeAll(() => startBackend('cpu'));

async function written(model: Model): Promise<Model> {
  const path = `${folder}/${count++}`;
  await writeModel(model, path);
  return readModel(path);
}

const kindOf = (name: string) => {
  if (/^se_/.test(name)) return 'modules';
  if (/(gamma|beta)$/.test(name)) return 'norms';
  if (/moving_/.test(name)) return 'statistics';
  return /^(?:dense|predictions|conv_preds)/.test(name) ? 'head' : 'others';
};

/** Of which kinds the weights are that a step moves. */
async function movedBy(model: Model, train: readonly TrainPart[], backend: 'cpu' | 'wasm' = 'cpu') {
  const examples = makeExamples(8, 32 * 32 * 3, 5, 1);
  const { model: after } = await trainOnce(await startBackend(backend), model, examples, {
    batch: 8,
    learningRate: 1e-3,
    train,
  });
  const [before, values] = [await allValues(model), await allValues(after)];
  return new Set([...values].filter(([name, value]) => value !== before.get(name)).map(([name]) => kindOf(name)));
}

describe('what is named is trained, and nothing else moves', () => {
  test.each([
    [['modules'], ['modules']],
    [['head'], ['head']],
    [['norms'], ['norms']],
    [
      ['modules', 'head', 'norms'],
      ['modules', 'head', 'norms'],
    ],
    [['all'], ['modules', 'head', 'norms', 'statistics', 'others']],
  ] as const)('%o', async (train, kinds) => {
    const model = await written(retrofit(await readFixture('resnet-v1'), { ratio: 4 }));
    expect(await movedBy(model, train)).toEqual(new Set(kinds));
  });

  test('a step of norms on wasm is one on cpu', async () => {
    const model = await written(await readFixture('mobilenet-v2'));
    const examples = makeExamples(8, 32 * 32 * 3, 5, 1);
    const options = { batch: 8, learningRate: 1e-3, train: ['head', 'norms'] } as const;
    const [cpu, wasm] = [
      await trainOnce(await startBackend('cpu'), model, examples, options),
      await trainOnce(await startBackend('wasm'), model, examples, options),
    ];
    expect(wasm.losses[0]).toBeCloseTo(cpu.losses[0]!, 4);
    expect(await movedBy(model, ['head', 'norms'], 'wasm')).toEqual(new Set(['head', 'norms']));
  });

  test('of a new head, in a model that says it is frozen too', async () => {
    const model = await written(replaceHead(await readFixture('mobilenet-v1'), ['a', 'b', 'c', 'd', 'e']));
    expect(await movedBy(model, ['head'])).toEqual(new Set(['head']));
  });
});

test('norms keep their statistics: the loss in training is that of the model as it is', async () => {
  const tensorflow = await startBackend('cpu');
  const model = await written(await readFixture('resnet-v1'));
  const { pixels, labels } = makeExamples(8, 32 * 32 * 3, 5, 1);
  const images = tensorflow.tf.tensor4d(pixels, [8, 32, 32, 3]);
  const lossOf = async (train: readonly TrainPart[], isTraining: boolean, isStill = false) => {
    const network = makeNetwork(tensorflow, model, await loadModel(tensorflow, model), train, isStill);
    expect(network.weights.followed.length > 0).toBe(train.includes('all') && !isStill);
    return network.judge(network.look(images), labels, isTraining).loss.dataSync()[0]!;
  };
  const still = await lossOf(['norms'], false);
  expect(await lossOf(['norms'], true)).toBeCloseTo(still, 4);
  expect(Math.abs((await lossOf(['all'], true)) - still)).toBeGreaterThan(0.01);
  expect(await lossOf(['all'], true, true)).toBeCloseTo(await lossOf(['all'], false), 4);
});

test('parts that are not there', async () => {
  const tensorflow = await startBackend('cpu');
  const make = async (name: string, train: readonly TrainPart[]) => {
    const model = await readFixture(name);
    const loaded = await loadModel(tensorflow, model);
    return () => makeNetwork(tensorflow, model, loaded, train);
  };
  expect(await make('resnet-cifar', ['modules', 'head'])).toThrow(expect.objectContaining({ code: 'no-modules' }));
  expect(await make('vgg', ['norms'])).toThrow(expect.objectContaining({ code: 'no-norms' }));
});

test('a norm without gamma and beta is trained with the whole: by the statistics of the batch, which the moving ones follow', async () => {
  const tensorflow = await startBackend('cpu');
  const model = await written(await readFixture('resnet-v1'));
  const [norm] = model.graph.layers.filter(({ className }) => className === 'BatchNormalization');
  const withoutOwn = (layer: Layer): Layer =>
    layer === norm
      ? {
          ...withSetting(withSetting(layer, 'scale', false), 'center', false),
          weights: layer.weights.filter(({ name }) => name.startsWith('moving_')),
        }
      : layer;
  const plain: Model = { ...model, graph: { ...model.graph, layers: model.graph.layers.map(withoutOwn) } };
  const networkOf = async (train: TrainPart) =>
    makeNetwork(tensorflow, plain, await loadModel(tensorflow, plain), [train]).weights;
  const keys = ['moving_mean', 'moving_variance'].map((name) => weightKey([], norm!.name, name));
  const { trained, followed } = await networkOf('all');
  expect(followed.map(({ key }) => key)).toEqual(expect.arrayContaining(keys));
  expect(trained.map(({ key }) => key)).not.toEqual(expect.arrayContaining([keys[0]]));
  expect((await networkOf('norms')).followed).toEqual([]);
  const { pixels, labels } = makeExamples(8, 32 * 32 * 3, 5, 1);
  const options = { batch: 8, learningRate: 1e-3, train: 'all' } as const;
  const [before, after] = [
    await allValues(plain),
    await allValues((await trainOnce(tensorflow, plain, { pixels, labels }, options)).model),
  ];
  for (const name of ['moving_mean', 'moving_variance'])
    expect(after.get(`${norm!.name}/${name}`)).not.toBe(before.get(`${norm!.name}/${name}`));
});
