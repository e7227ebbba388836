import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { inspect, readModel } from '../../src/index.js';
import { buildModel, graph, input, type LayerJson, layer, WEIGHT_FILE, writeBuilt } from '../support/model-builder.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { loadModel, predict, seededInputs, tf, useBackend } from '../support/tensorflow.js';

// Whether TensorFlow.js takes layers on the shapes that they are given is what real TensorFlow.js says.

const folder = temporaryFolder();
let count = 0;

beforeAll(() => useBackend('cpu'));

type Weight = readonly [name: string, ...shape: number[]];

async function works(path: string): Promise<boolean> {
  try {
    const model = await loadModel(path);
    const inputs = seededInputs(model, 1);
    predict(model, inputs);
    tf.dispose(inputs);
    model.dispose();
    return true;
  } catch {
    return false;
  }
}

async function judge(layers: LayerJson[], weights: readonly Weight[] = [], isSequential = false) {
  const path = join(folder, `${count++}`);
  const model = buildModel();
  const inputs = layers.filter(({ class_name }) => class_name === 'InputLayer').map(({ name }) => name);
  Object.assign(model.json.modelTopology, {
    class_name: isSequential ? 'Sequential' : 'Functional',
    config: isSequential ? { name: 'chain', layers } : graph('network', layers, inputs, [layers.at(-1)!.name]),
  });
  const specs = weights.map(([name, ...shape]) => ({ name, shape, dtype: 'float32' }));
  model.json.weightsManifest = [{ paths: [WEIGHT_FILE], weights: specs }];
  const size = specs.reduce((sum, { shape }) => sum + shape.reduce((product, each) => product * each, 1), 0);
  model.files.set(WEIGHT_FILE, new Uint8Array(new Float32Array(size).fill(0.1).buffer));
  writeBuilt(path, model);
  return {
    isWorking: await works(path),
    verdict: inspect(await readModel(path)).loads.find(({ loader }) => loader === 'tfjs')!,
  };
}

const PAIRS = [
  [[4], [4]],
  [[4], [5]],
  [[1], [5]],
  [[3, 4], [4]],
  [[3, 4], [3]],
  [
    [8, 8, 3],
    [1, 1, 3],
  ],
  [
    [8, 8, 3],
    [4, 4, 3],
  ],
  [
    [8, 8, 3],
    [8, 8, 1],
  ],
  [[8, 8, 3], [3]],
] as const;
const MERGES = ['Add', 'Multiply', 'Average', 'Maximum', 'Minimum', 'Concatenate'];

test.each(MERGES)('%s', async (className) => {
  const found = new Set<boolean>();
  for (const [one, other] of PAIRS) {
    const merge = layer(className, 'merge', className === 'Concatenate' ? { axis: -1 } : {}, ['one', 'other']);
    const { isWorking, verdict } = await judge([input('one', one), input('other', other), merge]);
    expect([one, other, verdict.ok]).toEqual([one, other, isWorking]);
    if (!isWorking) expect(verdict.blockedBy).toMatchObject({ layer: 'merge', field: 'inbound_nodes' });
    found.add(isWorking);
  }
  expect(found.size).toBe(2);
});

test.each([
  [3, [3, 4], [5, 4], true],
  [4, [2, 3, 4], [2, 5, 4], false],
] as const)('Dot of tensors of %i dimensions', async (_, one, other, isTaken) => {
  const dot = layer('Dot', 'dot', { axes: -1, normalize: false }, ['one', 'other']);
  const { isWorking, verdict } = await judge([input('one', one), input('other', other), dot]);
  expect([isWorking, verdict.ok]).toEqual([isTaken, isTaken]);
});

const RNN = { units: 3, recurrent_initializer: { class_name: 'Zeros', config: {} }, return_sequences: true };
const [KERNEL, RECURRENT, BIAS] = [[4, 3], [3, 3], [3]] as const;
const OF_RNN: readonly Weight[] = [
  ['rnn/kernel', ...KERNEL],
  ['rnn/recurrent_kernel', ...RECURRENT],
  ['rnn/bias', ...BIAS],
];

test.each([[[4]], [[5, 4]], [[2, 5, 4]]])('steps of %j', async (shape) => {
  const { isWorking, verdict } = await judge([input('in', shape), layer('SimpleRNN', 'rnn', RNN, ['in'])], OF_RNN);
  expect([isWorking, verdict.ok]).toEqual([shape.length === 2, shape.length === 2]);
  const inner = { class_name: 'Activation', config: { name: 'relu', activation: 'relu' } };
  const distributed = await judge([input('in', shape), layer('TimeDistributed', 'each', { layer: inner }, ['in'])]);
  expect([distributed.isWorking, distributed.verdict.ok]).toEqual([shape.length > 1, shape.length > 1]);
});

test.each([[{}], [{ return_state: true }]])('SimpleRNN %j in a Sequential model', async (more) => {
  const rnn = layer('SimpleRNN', 'rnn', { ...RNN, ...more, batch_input_shape: [null, 5, 4] }, []);
  const { isWorking, verdict } = await judge([rnn], OF_RNN, true);
  expect([isWorking, verdict.ok]).toEqual([!('return_state' in more), !('return_state' in more)]);
});

test.each([['concat'], [null]])('directions joined by %j', async (mode) => {
  const held = { class_name: 'SimpleRNN', config: { name: 'rnn', ...RNN } };
  const weights = ['forward', 'backward'].flatMap((way) =>
    OF_RNN.map(([name, ...shape]): Weight => [`both/${way}_${name}`, ...shape]),
  );
  const both = { layer: held, merge_mode: mode };
  // As it is: TensorFlow.js has two outputs of it, and a Functional model may go on with the first.
  const dense = (size: number): Weight[] => [...weights, ['dense/kernel', size, 2], ['dense/bias', 2]];
  const layers = () => [
    input('in', [5, 4]),
    layer('Bidirectional', 'both', both, ['in']),
    layer('Dense', 'dense', { units: 2 }, ['both']),
  ];
  const right = await judge(layers(), dense(mode === null ? 3 : 6));
  expect([right.isWorking, right.verdict.ok]).toEqual([true, true]);
  await expect(judge(layers(), dense(mode === null ? 6 : 3))).rejects.toMatchObject({ code: 'weights-mismatch' });
  const first = layer('Bidirectional', 'both', { ...both, batch_input_shape: [null, 5, 4] }, []);
  const chain = await judge([first], weights, true);
  expect([chain.isWorking, chain.verdict.ok]).toEqual([mode !== null, mode !== null]);
});

test.each<[{ scale?: number | null }]>([[{ scale: 2 }], [{ scale: null }], [{}]])('Rescaling %j', async (config) => {
  const rescaled = layer('Rescaling', 'rescaled', { offset: 0, ...config }, ['in']);
  const { isWorking, verdict } = await judge([input('in', [4]), rescaled]);
  expect([isWorking, verdict.ok]).toEqual([config.scale === 2, config.scale === 2]);
});
