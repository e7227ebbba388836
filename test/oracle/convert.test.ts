import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { readModel, writeModel } from '../../src/index.js';
import { modelFolder } from '../support/fixtures.js';
import { isAll } from '../support/is-all.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { loadModel, useBackend } from '../support/tensorflow.js';
import { byTurns, isTurnOf } from '../support/turns.js';
import { describeOracle, listCatalogue, numbersOf, oracle } from './oracle.js';
import { expectClose } from './saved-models.js';
import { expectCloseInTensorFlowJs } from './tensorflowjs.js';

// A conversion computes what the model did, in the loader it was converted for. Different engines add in different
// orders: they agree to 1e-5 of the largest output.

const folder = temporaryFolder();

beforeAll(() => useBackend('wasm'));

const MODELS = [
  'residual_shortcut_first',
  'bottleneck',
  'inception',
  'dense_block',
  'mobilenet_v1',
  'mobilenet_v2',
  'mobilenet_v3',
  'efficientnet',
  'separable_pooled',
  'vgg',
  'unet',
  'siamese',
  'shared_layers',
  'two_inputs_two_outputs',
  'dictionaries',
  'nested_dictionaries',
  'nested_functional',
  'nested_sequential',
  'nested_frozen',
  'sequential_input',
  'dropout',
  'prelu',
  'time_distributed_layers',
  'time_distributed_deep',
  'augmented',
  'augmented_everywhere',
  'preprocessed',
  'normalized',
];
const OF_ONE_KERAS = ['augmented_anew'];
/** A norm in a TimeDistributed: Keras 3 trains it on the frames of one step at a time, Keras 2 on all of them at once. */
const TRAINED_OTHERWISE = ['time_distributed_layers'];
const REAL_SIZES = ['MobileNetV2', 'MobileNetV3Small', 'MobileNetV3Large', 'ResNet50', 'EfficientNetB0'];
const models = isAll ? [...MODELS, ...REAL_SIZES.map((name) => `applications/${name}`)] : MODELS;

for (const [kind, other] of [
  ['keras2', 'keras3'],
  ['keras3', 'keras2'],
] as const) {
  describeOracle(kind, `converted to ${other} and to TensorFlow.js`, (keras) => {
    const target = oracle(other);
    const listed = listCatalogue(kind);
    const random = listed.flatMap((model) => (model.random ? [model.name] : []));
    const own = OF_ONE_KERAS.filter((name) => listed.some((model) => model.name === name));
    const chosen = models.filter((_, index) => isTurnOf(kind, index, 28));
    test.each([...chosen, ...own])('%s', { timeout: 600_000 }, async (name) => {
      const place = join(folder, `${kind}-${name}`);
      await keras.make(name, place, ['.keras']);
      const before = join(place, `${basename(name)}.keras`);
      const model = await readModel(before);
      // Training too: each Keras says in its own way whether a layer trains.
      const training = !random.includes(name) && !TRAINED_OTHERWISE.includes(name);
      const asked = await keras.outputs(before, { training });

      const translated = join(place, 'translated.keras');
      await writeModel(model, translated, { dialect: other });
      const again = await target.outputs(translated, { inputs: asked.inputs, training });
      expect(again.structure).toEqual(asked.structure);
      for (const [index, output] of asked.outputs.entries()) {
        expectClose(numbersOf(again.outputs[index]!), numbersOf(output));
      }

      expect(again.trained?.length).toBe(training ? asked.outputs.length : undefined);
      for (const [index, output] of (asked.trained ?? []).entries()) {
        expectClose(numbersOf(again.trained![index]!), numbersOf(output));
      }

      await writeModel(model, join(place, 'web'));
      await expectCloseInTensorFlowJs(join(place, 'web'), asked);
    });
  });
}

for (const [kind, other] of (
  [
    ['keras2', 'keras3'],
    ['keras3', 'keras2'],
  ] as const
).filter(([kind]) => isTurnOf(kind, 0))) {
  describeOracle(kind, `converted to ${other}, where the weights of layers inside stand elsewhere`, (keras) => {
    test('attention_and_cells', async () => {
      const place = join(folder, `${kind}-inside`);
      await keras.make('attention_and_cells', place, ['.keras']);
      const before = join(place, 'attention_and_cells.keras');
      const asked = await keras.outputs(before);
      for (const ending of ['.keras', '.h5']) {
        const written = join(place, `other${ending}`);
        await writeModel(await readModel(before), written, { dialect: other });
        const again = await oracle(other).outputs(written, { inputs: asked.inputs });
        for (const [index, output] of asked.outputs.entries())
          expectClose(numbersOf(again.outputs[index]!), numbersOf(output), 1e-6);
      }
    });
  });
}

for (const kind of ['keras2', 'keras3'] as const) {
  describeOracle(kind, 'from one container into another: the same numbers', (keras) => {
    const names = ['residual_shortcut_first', 'nested_functional', 'sequential_input', 'compiled_with_state'];
    test.each(names.filter((_, index) => isTurnOf(kind, index)))('%s', async (name) => {
      const place = join(folder, `${kind}-${name}-containers`);
      await keras.make(name, place, ['.h5']);
      const before = join(place, `${name}.h5`);
      for (const [from, to] of [
        [before, 'a.keras'],
        ['a.keras', 'b.weights.h5'],
        ['b.json', 'c.keras'],
        ['c.keras', 'd.h5'],
      ] as const) {
        await writeModel(await readModel(from === before ? before : join(place, from)), join(place, to));
        const after = to.endsWith('.weights.h5')
          ? { json: join(place, 'b.json'), weights: join(place, to) }
          : join(place, to);
        const { outputs } = await keras.compare(before, after, { modes: ['eager'] });
        expect(outputs.map((output) => output.eager)).toEqual(outputs.map(() => 0));
      }
    });
  });
}

describeOracle('keras3', 'TensorFlow.js to Keras and back', (keras) => {
  test.each(byTurns(['resnet-v1', 'mobilenet-v2', 'inception', 'nested-deep'], 2))(
    '%s: the same weights, bit for bit',
    async (name) => {
      const place = join(folder, `round-${name}`);
      await writeModel(await readModel(modelFolder(name)), `${place}.keras`);
      await keras.layers(`${place}.keras`);
      await writeModel(await readModel(`${place}.keras`), place);
      expect(await weightsIn(place)).toEqual(await weightsIn(modelFolder(name)));
    },
  );
});

/** The values of every weight, by name, as TensorFlow.js reads them. */
async function weightsIn(path: string): Promise<Readonly<Record<string, readonly number[]>>> {
  const model = await loadModel(path);
  expect(JSON.parse(readFileSync(join(path, 'model.json'), 'utf8')).format).toBe('layers-model');
  const entries = model.weights.map((weight) => [weight.originalName, [...weight.read().dataSync()]] as const);
  model.dispose();
  return Object.fromEntries(entries.sort(([left], [right]) => (left < right ? -1 : 1)));
}
