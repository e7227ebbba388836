import { describe, expect, test } from 'vitest';
import { type Model, readModel, replaceHead, retrofit, strip, writeModel } from '../../src/index.js';
import { findHead } from '../../src/plan/find-head.js';
import { readFixture } from '../support/fixtures.js';
import { isAll } from '../support/is-all.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { isTurnOf, SEED } from '../support/turns.js';
import { describeOracle, listCatalogue, numbersOf, type Oracle } from './oracle.js';
import { loadsItsOwn } from './saved-models.js';

// Real Keras loads a model with a head for other classes: everything but the head is there, to the bit.

const folder = temporaryFolder();
const CLASSES = ['ant', 'bee', 'cat', 'dog', 'eel', 'fox', 'gnu'];

/** What the models of the catalogue that have no head are refused for. */
const REFUSED: readonly string[] = ['no-head', 'several-outputs', 'not-a-classifier', 'shared-head'];

/** A convolution with pooling, and with Reshape; a sigmoid of one unit; logits that say they are; a nested model. */
const ALWAYS: readonly string[] = ['separable_pooled', 'mobilenet_v1', 'two_classes', 'transfer', 'nested_sequential'];

/** What Keras finds in the model with the other head, next to the one before. */
async function expectNewHead(keras: Oracle, model: Model, before: string, after: string, custom = false) {
  const { name, weights } = findHead(model).logits.layer;
  const { unchanged, other, ...more } = await keras.compareWeights(before, after, { custom });
  const changed = other.filter((each) => !each.includes('seed_generator'));
  expect(unchanged.length).toBeGreaterThan(0);
  expect(changed).toHaveLength(weights.length);
  for (const each of changed) expect(each).toContain(name);
  expect(more).toEqual({ doubled: [], halved: [], added: [], missing: [] });
  const { outputs } = await keras.outputs(after, { custom });
  expect(outputs.map(({ shape }) => shape)).toEqual([[2, CLASSES.length]]);
  const shares = numbersOf(outputs[0]!);
  expect(new Set(shares).size).toBeGreaterThan(2);
  for (const start of [0, CLASSES.length]) {
    const row = shares.subarray(start, start + CLASSES.length);
    expect(row.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 2);
  }
}

const replaced = (model: Model): Model | undefined => {
  try {
    return replaceHead(model, CLASSES, { seed: 5 });
  } catch (error) {
    expect(REFUSED).toContain((error as { readonly code?: string }).code);
    return undefined;
  }
};

for (const kind of ['keras2', 'keras3'] as const) {
  describeOracle(kind, 'a head for other classes', (keras) => {
    const models = listCatalogue(kind).filter(
      ({ name }, index) => isAll || ALWAYS.includes(name) || isTurnOf(kind, index, 48),
    );
    const headed = new Set<string>();
    describe.each(models.map((model, index) => ({ ...model, index })))('$name', ({ name, custom, index }) => {
      const turn = isAll ? ['.keras', '.h5'] : [['.keras', '.h5'][(index + SEED) % 2]!];
      test.each(turn.map((ending) => (loadsItsOwn(kind, name + ending) ? ending : '.keras')))('%s', async (ending) => {
        const place = `${folder}/${kind}-${name}`;
        await keras.make(name, place, [ending as '.keras']);
        const [before, after] = [`${place}/${name}${ending}`, `${place}/after${ending}`];
        const model = await readModel(before);
        const own = replaced(model);
        if (own === undefined) return;
        headed.add(name);
        await writeModel(own, after);
        await expectNewHead(keras, model, before, after, custom);
      });
    });

    test('most models have one', () => {
      expect([...headed]).toEqual(expect.arrayContaining([...ALWAYS]));
      expect(headed.size).toBeGreaterThan(ALWAYS.length);
    });

    test.each(
      ['resnet-v1', 'squeezenet-fire', 'nested-backbone-functional'].filter((_, index) => isTurnOf(kind, index)),
    )('from TensorFlow.js: %s', async (name) => {
      const model = await readFixture(name);
      const [before, after] = ['before', 'after'].map((word) => `${folder}/${kind}-${name}-${word}.keras`);
      await writeModel(model, before!, { dialect: kind });
      await writeModel(replaced(model)!, after!, { dialect: kind });
      await expectNewHead(keras, model, before!, after!);
    });

    test('with modules, which go as they came', async () => {
      const path = (word: string) => `${folder}/${kind}-modules-${word}.keras`;
      const plain = replaced(await readFixture('resnet-cifar'))!;
      await writeModel(plain, path('plain'), { dialect: kind });
      const before = await readModel(path('plain'));
      await writeModel(retrofit(before, { ratio: 4 }), path('se'));
      await writeModel(strip(await readModel(path('se'))), path('stripped'));
      for (const word of ['se', 'stripped']) {
        const { outputs } = await keras.compare(path('plain'), path(word), { modes: ['eager'] });
        expect(outputs.map(({ eager, varied }) => ({ eager, varied }))).toEqual([{ eager: 0, varied: true }]);
      }
    });
  });
}
