import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Model, readModel, replaceHead, retrofit, strip, writeModel } from '../../src/index.js';
import { findHead } from '../../src/plan/find-head.js';
import { loadModel } from '../../src/runtime/load-model.js';
import { startBackend } from '../../src/runtime/start-backend.js';
import { allValues } from '../support/all-values.js';
import { bytesIn } from '../support/cli.js';
import { readFixture } from '../support/fixtures.js';
import { buildModel, layer, layerOf, layersOf, writeBuilt } from '../support/model-builder.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { byTurns } from '../support/turns.js';

const folder = temporaryFolder();
let count = 0;
const newPath = (ending = '') => join(folder, `model-${count++}${ending}`);

const CLASSES = ['ant', 'bee', 'cat', 'dog', 'eel', 'fox', 'gnu'];

/** Dense, with its softmax or sigmoid inside; convolution and reshape; convolution, ReLU and pooling; Sequential; nested. */
const HEADED = [
  'resnet-v1',
  'mobilenet-v1',
  'squeezenet-fire',
  'nested-backbone-functional',
  'nested-deep',
  'sequential-array',
  'sequential-object',
  'siamese',
  'quantized-uint8',
  'quantized-float16',
  'optimizer-middle',
];

async function rewritten(model: Model, ending = '', options = {}): Promise<Model> {
  const path = newPath(ending);
  await writeModel(model, path, options);
  return readModel(ending === '.weights.h5' ? path.replace('.weights.h5', '.json') : path);
}

/** Everything but the head is, value for value, what it was. */
async function expectReplaced(before: Model, after: Model): Promise<void> {
  const { logits } = findHead(before);
  const head = [...logits.graph, logits.layer.name].join('/');
  const [old, values] = [await allValues(before), await allValues(after)];
  expect([...values.keys()].sort()).toEqual([...old.keys()].sort());
  const differing = [...values].filter(([name, value]) => value !== old.get(name)).map(([name]) => name);
  expect(differing.sort()).toEqual(logits.layer.weights.map(({ name }) => `${head}/${name}`).sort());
  const own = findHead(after);
  expect(own.units).toBe(CLASSES.length);
  expect(own.logits.layer.weights.map(({ tensor }) => tensor.shape.at(-1))).toEqual(
    logits.layer.weights.map(() => CLASSES.length),
  );
  expect(after.record?.classes).toEqual(CLASSES);
  expect(after.graph.outputs).toEqual(before.graph.outputs);
}

/** The JSON of the layers, by their names. */
const layerTexts = (path: string): ReadonlyMap<string, string> => {
  const { modelTopology } = JSON.parse(readFileSync(join(path, 'model.json'), 'utf8'));
  const { config } = modelTopology.model_config ?? modelTopology;
  const layers: { name?: string; config: { name: string } }[] = config.layers ?? config;
  return new Map(layers.map((each) => [each.name ?? each.config.name, JSON.stringify(each)]));
};

let tensorflow: Awaited<ReturnType<typeof startBackend>>;
beforeAll(async () => {
  tensorflow = await startBackend('cpu');
});

/** What the model gives for noise: shares of as many classes. */
async function expectShares(model: Model): Promise<void> {
  const { tf } = tensorflow;
  const { runs } = await loadModel(tensorflow, model);
  const inputs = runs.inputs.map(({ shape }) =>
    tf.randomUniform(
      shape.map((size, index) => (index === 0 ? 2 : (size ?? 16))),
      0,
      1,
      'float32',
      3,
    ),
  );
  const output = runs.predict(inputs) as import('@tensorflow/tfjs-core').Tensor;
  expect(output.shape).toEqual([2, CLASSES.length]);
  const sums = tf.sum(output, 1).dataSync();
  for (const sum of sums) expect(sum).toBeCloseTo(1, 5);
  expect(new Set(output.dataSync()).size).toBeGreaterThan(CLASSES.length);
}

describe('everything but the head stays', () => {
  test.each(byTurns(HEADED, 2))('%s', async (name) => {
    const before = await readFixture(name);
    const path = newPath();
    await writeModel(replaceHead(before, CLASSES, { seed: 3 }), path);
    const after = await readModel(path);
    await expectReplaced(before, after);
    await expectShares(after);
    const [old, texts] = [layerTexts(join(before.path, '..')), layerTexts(path)];
    expect([...texts.keys()]).toEqual([...old.keys()]);
    const { logits, activation, behind } = findHead(before);
    const changed = [logits, activation, ...behind].map(({ graph, layer: own }) => graph[0] ?? own.name);
    for (const [own, text] of texts) if (!changed.includes(own)) expect(text).toBe(old.get(own));
    // The same seed, the same bytes.
    const again = newPath();
    await writeModel(replaceHead(before, CLASSES, { seed: 3 }), again);
    expect(bytesIn(again)).toEqual(bytesIn(path));
  });

  test.each([
    ['.h5', {}],
    ['.h5', { dialect: 'keras2' }],
    ['.keras', {}],
    ['.keras', { dialect: 'keras2' }],
    ['.weights.h5', {}],
  ])('in a Keras file, %s %o', async (ending, options) => {
    for (const name of ['resnet-v1', 'mobilenet-v1', 'nested-backbone-functional', 'squeezenet-fire']) {
      const before = await rewritten(await readFixture(name), ending, options);
      const after = await rewritten(replaceHead(before, CLASSES), ending);
      await expectReplaced(before, after);
      await expectShares(after);
      // What a file states of the old number is not there any more.
      expect(JSON.stringify(findHead(after).behind)).not.toMatch(/\[null,5\]/);
    }
  });
});

test('the weights of the head lie in a file of their own, and every other file is that of another new head', async () => {
  const before = await rewritten(retrofit(await readFixture('resnet-v1'), { ratio: 4 }));
  const [one, other] = [newPath(), newPath()];
  await writeModel(replaceHead(before, CLASSES), one);
  await writeModel(replaceHead(before, CLASSES.slice(2), { seed: 9 }), other);
  const [first, second] = [bytesIn(one), bytesIn(other)];
  expect([...first.keys()].sort()).toEqual([...second.keys()].sort());
  const differing = [...first].filter(([file, bytes]) => second.get(file) !== bytes).map(([file]) => file);
  expect(differing.sort()).toEqual(['model.json', 'se_head.bin']);
});

describe('modules come and go as they do without', () => {
  test.each(['resnet-v1', 'mobilenet-v1', 'downstream-chain', 'inception'])('%s', async (name) => {
    const plain = await readFixture(name);
    const alone = newPath();
    await writeModel(replaceHead(plain, CLASSES), alone);
    const before = await rewritten(retrofit(plain, { ratio: 4 }));
    const both = newPath();
    await writeModel(replaceHead(before, CLASSES), both);
    const stripped = newPath();
    await writeModel(strip(await readModel(both)), stripped);
    expect(await allValues(await readModel(stripped))).toEqual(await allValues(await readModel(alone)));
    expect(layerTexts(stripped)).toEqual(layerTexts(alone));
    expect((await readModel(stripped)).record).toEqual({ version: 1, modules: [], doubled: [], classes: CLASSES });
    const added = await rewritten(retrofit(await readModel(alone), { ratio: 4 }));
    expect(await allValues(await readModel(both))).toEqual(await allValues(added));
    expect(added.record?.classes).toEqual(CLASSES);
  });

  test('a kernel of the head that was doubled for a module is doubled again', async () => {
    const before = retrofit(await readFixture('downstream-chain'), { ratio: 4 });
    const { layer: head } = findHead(before).logits;
    expect(before.record!.doubled).toContainEqual({ graph: [], layer: head.name, weight: 'kernel', exponent: 1 });
    expect(findHead(replaceHead(before, CLASSES)).logits.layer.weights[0]!.tensor.exponent).toBe(1);
  });
});

describe('what has no head is refused', () => {
  test.each([
    ['multi-io', 'several-outputs'],
    ['vgg-notop', 'no-head'],
    ['vgg-output-relu', 'no-head'],
    ['unet', 'no-head'],
    ['resnet-null-sizes', 'no-head'],
    ['frozen-root', 'no-head'],
    ['conv1d-causal', 'not-a-classifier'],
    ['two-readers', 'not-a-classifier'],
  ])('%s', async (name, code) => {
    const model = await readFixture(name);
    expect(() => replaceHead(model, CLASSES)).toThrow(expect.objectContaining({ code }));
  });

  test('amounts, a head that others read or that is called twice, too few classes', async () => {
    const broken = async (change: (model: ReturnType<typeof buildModel>) => void) => {
      const built = buildModel();
      change(built);
      return readModel(writeBuilt(newPath(), built));
    };
    const refused = (model: Model, code: string, classes = CLASSES) =>
      expect(() => replaceHead(model, classes)).toThrow(expect.objectContaining({ code }));
    const linear = (loss: string | undefined) =>
      broken((model) => {
        layerOf(model, 'classes').config.activation = 'linear';
        if (loss !== undefined) Object.assign(model.json, { trainingConfig: { loss, optimizer_config: null } });
      });
    refused(await linear('meanSquaredError'), 'not-a-classifier');
    const logits = replaceHead(await linear(undefined), CLASSES);
    expect(findHead(logits).logits.layer.settings).toMatchObject({ units: CLASSES.length, activation: 'softmax' });
    const binary = replaceHead(await linear('binaryCrossentropy'), CLASSES);
    expect(JSON.stringify(binary.trainingConfig)).toContain('categoricalCrossentropy');
    const shared = await broken((model) => {
      layersOf(model).push(layer('Activation', 'more', { activation: 'relu' }, ['classes']));
    });
    refused(shared, 'shared-head');
    const fine = await broken(() => {});
    refused(fine, 'bad-classes', ['one']);
    refused(fine, 'bad-classes', ['one', 'two', 'one']);
    refused(fine, 'bad-classes', ['one', '']);
  });
});
