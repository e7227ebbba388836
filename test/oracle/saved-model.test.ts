import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { readModel, retrofit, writeModel } from '../../src/index.js';
import { allValues } from '../support/all-values.js';
import { isAll } from '../support/is-all.js';
import { randomNetwork } from '../support/random-network.js';
import { saveModel } from '../support/random-retrofit.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { useBackend } from '../support/tensorflow.js';
import { byTurns } from '../support/turns.js';
import { describeOracle, listCatalogue, numbersOf, oracle } from './oracle.js';
import { expectClose, expectExact, loadsItsOwn, readSaved, retrofitSaved } from './saved-models.js';
import { expectCloseInTensorFlowJs } from './tensorflowjs.js';

// SavedModel folders and checkpoints that real tf-keras writes: what is read of them is what its .h5 holds, and what is made
// of them computes what the folder does in Keras' own hands. Old TensorFlows: `npm run versions`.

const folder = temporaryFolder();
/** Where inserted layers move others; models in models in models; cells; and half precision, trained, with its optimizer. */
const MODELS = [
  'residual_shortcut_first',
  'nested_deep',
  'recurrent_head',
  'attention_and_cells',
  'mixed_float16',
  'compiled_with_state',
];
const EVERY = listCatalogue('keras2').flatMap(({ name, custom }) =>
  custom || !loadsItsOwn('keras2', `${name}.h5`) ? [] : [name],
);
/** Keras' own loader of folders does not take these, or not as they were. */
const NOT_IN_FOLDERS: readonly string[] = ['nested_dictionaries'];
const RANDOM = isAll ? 50 : 1;

beforeAll(() => useBackend('cpu'));

describeOracle('keras2', 'SavedModel folders and checkpoints', (keras) => {
  test.each(isAll ? EVERY : byTurns(MODELS, 4))('%s', { timeout: 300_000 }, async (name) => {
    const hasFolder = !NOT_IN_FOLDERS.includes(name);
    await keras.make(name, folder, ['.h5', '.json', '.ckpt', ...(hasFolder ? (['.tf'] as const) : [])]);
    const at = (ending: string) => join(folder, name + ending);
    const checkpoint = { json: at('.json'), weights: at('.ckpt') };
    const expected = await allValues(await readModel(at('.h5')));
    expect(await allValues(await readSaved(checkpoint))).toEqual(expected);
    if (!hasFolder) return;
    const model = await readModel(at('.tf'));
    expect(await allValues(model)).toEqual(expected);
    if (!MODELS.includes(name)) return;

    const { path } = await writeModel(retrofit(model), at('-se.h5'));
    await expectExact(keras, at('.tf'), path);
    await expectExact(keras, checkpoint, await retrofitSaved(checkpoint, at('-ckpt-se')));
  });

  test('a layer of two models is kept once in a folder and a checkpoint, and in each of them in what is written', async () => {
    const at = (ending: string) => join(folder, `layer_in_two_models${ending}`);
    await keras.make('layer_in_two_models', folder, ['.h5', '.json', '.ckpt', '.tf']);
    const expected = await allValues(await readModel(at('.h5')));
    for (const before of [at('.tf'), { json: at('.json'), weights: at('.ckpt') }]) {
      const model = await readSaved(before);
      expect(await allValues(model)).toEqual(expected);
      expect(model.warnings.map(({ code }) => code)).toContain('shared-weights-parted');
      const { path } = await writeModel(retrofit(model), at('-se.h5'), { force: true });
      // Keras itself gives a checkpoint's values to one of the two layers that an architecture makes of it.
      const { outputs } = await keras.compare(at('.tf'), path, { modes: ['eager'] });
      expect(outputs.length).toBeGreaterThan(0);
      for (const output of outputs) expect(output).toMatchObject({ eager: 0, finite: true, varied: true });
    }
  });

  test('layers of people’s own are carried from a folder, which says the order of their weights', async () => {
    await keras.make('custom_conv_units', folder, ['.traced.tf']);
    const before = join(folder, 'custom_conv_units.traced.tf');
    const { path } = await writeModel(retrofit(await readModel(before)), join(folder, 'custom-se.h5'));
    await expectExact(keras, before, path, { custom: true });
  });

  test('a layer that holds a frozen one is not written as .h5: its config does not say so, and Keras orders by it', async () => {
    const at = (ending: string) => join(folder, `frozen-inside${ending}`);
    const code = `
class Two(L.Layer):
    def __init__(self, **options):
        super().__init__(**options)
        self.one, self.other = L.Dense(5), L.Dense(5)
    def call(self, x):
        return self.other(self.one(x))
given = keras.Input((5,)); two = Two(); model = keras.Model(given, L.Dense(2)(two(given))); two.one.trainable = False`;
    await keras.build(code, [at('.traced.tf')]);
    const writing = writeModel(await readModel(at('.traced.tf')), at('.h5'), {});
    await expect(writing).rejects.toMatchObject({ code: 'cannot-convert', where: { layer: 'two' } });
  });

  test('a Sequential that was never built has no place for weights in an .h5', async () => {
    const at = (ending: string) => join(folder, `unbuilt${ending}`);
    const code = `
model = keras.Sequential([L.Conv2D(4, 3), L.Flatten(), L.Dense(3)])
open(${JSON.stringify(at('.json'))}, "w").write(model.to_json())
model(np.zeros((1, 8, 8, 3), "float32"))`;
    await keras.build(code, [at('.ckpt')]);
    const model = await readSaved({ json: at('.json'), weights: at('.ckpt') });
    for (const to of ['-again.h5', '-again.weights.h5'])
      await expect(async () => writeModel(model, at(to), {})).rejects.toMatchObject({ code: 'no-input-shape' });
  });

  const NESTED_STATISTICS = `
given = keras.Input((8, 8, 4))
normed = L.BatchNormalization(renorm=True)(L.Conv2D(4, 1)(L.BatchNormalization(renorm=True)(given)))
images = keras.Input((8, 8, 4))
model = keras.Model(images, L.Dense(2)(L.GlobalAveragePooling2D()(keras.Model(given, normed, name="inner")(images))))`;
  const BUILT = {
    'words and numbers of lookups, which stand beside the config with the classes': `
given = keras.Input((4,), dtype="int64")
inner = keras.Model(given, L.Embedding(6, 3)(L.IntegerLookup(vocabulary=[0, 1, 7])(given)), name="inner")
numbers = keras.Input((4,), dtype="int64")
model = keras.Model(numbers, L.Dense(2)(inner(numbers)))`,
    'batch renormalization, whose statistics are seven': `
model = keras.Sequential([keras.Input((8, 8, 3)), L.Conv2D(4, 3), L.BatchNormalization(renorm=True), L.ReLU(),
  L.GlobalAveragePooling2D(), L.Dense(2)])`,
    'its statistics in a nested model, which come last in the group of an .h5': NESTED_STATISTICS,
  };
  test.each(Object.entries(BUILT))('%s', async (name, code) => {
    const at = (ending: string) => join(folder, `${name.slice(0, 5)}${ending}`);
    await keras.build(code, [at('.tf')]);
    const asked = await keras.outputs(at('.tf'));
    for (const [ending, judge, dialect] of [
      ['.h5', keras, 'keras2'],
      ['.keras', oracle('keras3'), 'keras3'],
    ] as const) {
      await writeModel(await readModel(at('.tf')), at(ending), { dialect });
      const { outputs } = await judge.outputs(at(ending), { inputs: asked.inputs });
      expectClose(numbersOf(outputs[0]!), numbersOf(asked.outputs[0]!), 1e-6);
    }
  });

  test('the .h5 that Keras writes of statistics in a nested model', async () => {
    const at = (ending: string) => join(folder, `nested-statistics${ending}`);
    await keras.build(NESTED_STATISTICS, [at('.h5')]);
    await writeModel(await readModel(at('.h5')), at('.keras'));
    const asked = await keras.outputs(at('.h5'));
    const { outputs } = await keras.outputs(at('.keras'), { inputs: asked.inputs });
    expect(numbersOf(outputs[0]!)).toEqual(numbersOf(asked.outputs[0]!));
  });

  test('one folder is converted for Keras 3 and TensorFlow.js', async () => {
    const [name] = MODELS;
    await keras.make(name!, folder, ['.tf']);
    const before = join(folder, `${name}.tf`);
    const asked = await keras.outputs(before);
    const written = join(folder, 'today.keras');
    await writeModel(await readModel(before), written, { dialect: 'keras3' });
    const again = await oracle('keras3').outputs(written, { inputs: asked.inputs });
    for (const [index, output] of asked.outputs.entries())
      expectClose(numbersOf(again.outputs[index]!), numbersOf(output), 1e-6);
    await writeModel(await readModel(before), join(folder, 'web'));
    await expectCloseInTensorFlowJs(join(folder, 'web'), asked, 1e-6);
  });

  test.each(Array.from({ length: RANDOM }, (_, index) => index + 1))('random network %i', async (seed) => {
    const at = (ending: string) => join(folder, `random-${seed}${ending}`);
    await saveModel(randomNetwork(seed), at(''));
    const before = at('.h5');
    await writeModel(await readModel(at('')), before, { dialect: 'keras2' });
    await keras.saveAgain(before, [at('.tf'), at('.ckpt'), at('.json')]);
    const expected = await allValues(await readModel(before));
    expect(await allValues(await readModel(at('.tf')))).toEqual(expected);
    expect(await allValues(await readSaved({ json: at('.json'), weights: at('.ckpt') }))).toEqual(expected);
  });
});
