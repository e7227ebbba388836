import { beforeAll, describe, expect, test } from 'vitest';
import { type Model, readModel, replaceWeights, retrofit, weightKey, writeModel } from '../../src/index.js';
import { listGates } from '../../src/runtime/list-gates.js';
import { loadModel } from '../../src/runtime/load-model.js';
import { startBackend } from '../../src/runtime/start-backend.js';
import { findFinalActivation } from '../../src/tune/final-activation.js';
import { makeNetwork } from '../../src/tune/network.js';
import { readFixture } from '../support/fixtures.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { makeExamples, trainOnce } from '../support/tuning.js';
import { byTurns } from '../support/turns.js';

const folder = temporaryFolder();
let count = 0;

beforeAll(() => startBackend('cpu'));

/** A fixture with modules in it, written and read again. */
async function withModules(name: string): Promise<Model> {
  const path = `${folder}/${name}-${count++}`;
  await writeModel(retrofit(await readFixture(name), { ratio: 4 }), path);
  return readModel(path);
}

/** The values of the layers' weights, by the names of both. */
async function valuesOf(model: Model): Promise<ReadonlyMap<string, Float32Array>> {
  return model.withValues(async (values) => {
    const found = new Map<string, Float32Array>();
    for (const { name, weights } of model.graph.layers) {
      for (const weight of weights) {
        const parts: Buffer[] = [];
        for await (const part of values.chunks(weight.tensor)) parts.push(Buffer.from(part));
        found.set(`${name}/${weight.name}`, new Float32Array(new Uint8Array(Buffer.concat(parts)).buffer));
      }
    }
    return found;
  });
}

const sizeOf = (name: string) => (name === 'resnet-dropout' || name === 'inception' ? 16 : 32);
const examplesFor = (name: string) => makeExamples(24, sizeOf(name) ** 2 * 3, 5, 1);

describe('a step on wasm is one on cpu', () => {
  test.each(
    // Some by turns; another seed takes others.
    ['resnet-v1', 'mobilenet-v1', 'mobilenet-v2', 'inception', 'vgg-bn'].flatMap((name, index) =>
      byTurns(['modules', 'all'] as const, 4, index).map((train) => ({ name, train })),
    ),
  )('$name, $train', async ({ name, train }) => {
    const options = { batch: 8, learningRate: 1e-3, train };
    const model = await withModules(name);
    const cpu = await trainOnce(await startBackend('cpu'), model, examplesFor(name), options);
    const wasm = await trainOnce(await startBackend('wasm'), model, examplesFor(name), options);
    for (const [index, loss] of wasm.losses.entries()) expect(loss).toBeCloseTo(cpu.losses[index]!, 3);
    const [one, other] = [await valuesOf(cpu.model), await valuesOf(wasm.model)];
    const differences = [...one].flatMap(([key, values]) =>
      [...values].map((value, at) => Math.abs(value - other.get(key)![at]!)),
    );
    // What a ReLU gets may be within rounding of 0, and a gradient next to nothing; Adam makes a step of it all the same.
    expect(differences.filter((difference) => difference > 1e-4).length / differences.length).toBeLessThan(0.02);
  });
});

test('a step leaves nothing behind in memory', async () => {
  for (const backend of ['cpu', 'wasm'] as const) {
    for (const train of ['modules', 'all'] as const) {
      const options = { batch: 4, learningRate: 1e-3, train };
      const model = await withModules('resnet-dropout');
      const { tensors } = await trainOnce(await startBackend(backend), model, examplesFor('resnet-dropout'), options);
      expect(new Set(tensors).size).toBe(1);
    }
  }
});

test('dropout is drawn by the seed of the step, its own seed in the file or not', async () => {
  const tensorflow = await startBackend('cpu');
  const model = await withModules('resnet-dropout');
  const loaded = await loadModel(tensorflow, model);
  const network = makeNetwork(tensorflow, model, loaded, ['modules']);
  const { tf } = tensorflow;
  const { withRandomNumbers } = await import('../../src/tune/seeded-random.js');
  const { randomNumbers } = await import('../../src/random.js');
  const images = tf.randomNormal([8, 16, 16, 3], 0, 1, 'float32', 5);
  const labels = [0, 1, 2, 3, 4, 0, 1, 2];
  const lossOf = (seed: number, isTraining: boolean) =>
    withRandomNumbers(randomNumbers(seed, 'step'), () =>
      tf.tidy(() => network.judge(network.look(images), labels, isTraining).loss.dataSync()[0]!),
    );
  expect(lossOf(1, true)).toBe(lossOf(1, true));
  expect(lossOf(2, true)).not.toBe(lossOf(1, true));
  expect(lossOf(2, false)).toBe(lossOf(1, false));
});

describe('the last activation is found and left out', () => {
  test.each([
    ['resnet-cifar', 'softmax', true],
    ['mobilenet-v1', 'softmax', true],
    ['squeezenet-fire', 'softmax', true],
    ['nested-backbone-functional', 'softmax', true],
    ['sequential-array', 'softmax', true],
    ['siamese', 'sigmoid', true],
    ['two-readers', 'linear', false],
    ['vgg-output-relu', 'linear', false],
  ])('%s: %s', async (name, activation, hasPath) => {
    const { model } = await loadModel(await startBackend('cpu'), await readFixture(name));
    const found = findFinalActivation(model);
    expect(found.activation).toBe(activation);
    expect(found.path !== undefined).toBe(hasPath);
  });

  test.each(['resnet-cifar', 'mobilenet-v1', 'squeezenet-fire', 'nested-backbone-functional', 'sequential-array'])(
    '%s gives logits',
    async (name) => {
      const tensorflow = await startBackend('cpu');
      const { tf } = tensorflow;
      const original = await readFixture(name);
      const loaded = await loadModel(tensorflow, original);
      const shape = [3, ...loaded.runs.inputs[0]!.shape.slice(1)] as number[];
      const images = tf.randomNormal(shape, 0, 1, 'float32', 7);
      const before = loaded.runs.predict(images) as ReturnType<typeof tf.tensor2d>;
      const { loss } = makeNetwork(tensorflow, original, loaded, ['all']);
      expect(loss).toMatchObject({ kind: 'categorical', output: 'logits' });
      const logits = loaded.runs.predict(images) as ReturnType<typeof tf.tensor2d>;
      const difference = tf.max(tf.abs(tf.sub(tf.softmax(logits), before))).dataSync()[0]!;
      expect(difference).toBeLessThan(1e-6);
      expect(tf.max(tf.abs(tf.sub(logits, before))).dataSync()[0]!).toBeGreaterThan(1e-3);
    },
  );
});

test.each(['se-already', 'efficientnet-like', 'hard-sigmoid-se'])(
  'the modules of %s, which are not ours, are trained whole and alone',
  async (name) => {
    const tensorflow = await startBackend('cpu');
    const original = await readFixture(name);
    const loaded = await loadModel(tensorflow, original);
    const { trained, followed } = makeNetwork(tensorflow, original, loaded, ['modules']).weights;
    const params = trained.reduce((sum, { variable }) => sum + variable.read().size, 0);
    expect(params).toBe(listGates(loaded.model).reduce((sum, gate) => sum + gate.params, 0));
    expect(params).toBeGreaterThan(0);
    expect(followed).toEqual([]);
  },
);

test('a Sequential model trains as a whole', async () => {
  const model = await readFixture('sequential-object');
  const examples = makeExamples(60, 16 * 16 * 3, 3, 1);
  const options = { batch: 10, learningRate: 0.01, train: 'all' } as const;
  const { losses } = await trainOnce(await startBackend('wasm'), model, examples, options);
  expect(losses.at(-1)).toBeLessThan(losses[0]!);
});

test('a weight that is no number is named on wasm, which would make one of it', async () => {
  const model = await readFixture('resnet-cifar');
  const [layer] = model.graph.layers.filter(({ weights }) => weights.some(({ name }) => name === 'bias'));
  const { tensor } = layer!.weights.find(({ name }) => name === 'bias')!;
  const values = new Float32Array(tensor.shape[0]!).fill(Number.NaN);
  const broken = replaceWeights(model, new Map([[weightKey([], layer!.name, 'bias'), values]]));
  const tensorflow = await startBackend('wasm');
  const loaded = await loadModel(tensorflow, broken);
  expect(() => makeNetwork(tensorflow, broken, loaded, ['all'])).toThrow(
    expect.objectContaining({ code: 'not-finite', message: `no numbers come of the weight ${layer!.name}/bias` }),
  );
});

describe('what is not to be trained is refused', () => {
  test.each([
    ['resnet-cifar', 'modules', 'no-modules'],
    ['frozen-root', 'all', 'all-frozen'],
  ] as const)('%s, %s', async (name, train, code) => {
    const tensorflow = await startBackend('cpu');
    const original = await readFixture(name);
    const loaded = await loadModel(tensorflow, original);
    const make = () => makeNetwork(tensorflow, original, loaded, [train]);
    expect(make).toThrow(expect.objectContaining({ code }));
  });
});
