import { join } from 'node:path';
import { expect, test } from 'vitest';
import { planRetrofit, readModel, retrofit, writeModel } from '../../src/index.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { describeOracle, numbersOf, oracle } from './oracle.js';

// A lookup that was adapted keeps its words beside the weights, in an archive alone; one that was given them, in its config.

const folder = temporaryFolder();
const DIALECTS = ['keras2', 'keras3'] as const;
const NETWORK = `i = L.Input((9,), dtype="int64"); x = L.Conv1D(8, 3, activation="relu")(L.Embedding(6, 8)(lookup(i)))
model = keras.Model(i, L.Conv1D(8, 3)(x))`;
const ADAPTED = `lookup = L.IntegerLookup(); lookup.adapt(np.array([0, 1, 5])); ${NETWORK}`;
const GIVEN = `lookup = L.IntegerLookup(vocabulary=[0, 1, 5]); ${NETWORK}`;

for (const kind of DIALECTS) {
  const other = kind === 'keras2' ? 'keras3' : 'keras2';
  describeOracle(kind, 'lookups', (keras) => {
    test.each([
      ['adapted', ADAPTED],
      ['given', GIVEN],
    ])('%s: a retrofit computes what the model did', async (name, code) => {
      const place = join(folder, `${kind}-${name}`);
      await keras.build(code, [`${place}.keras`]);
      const model = await readModel(`${place}.keras`);
      const { path } = await writeModel(
        retrofit(model, planRetrofit(model, { granularity: 'conv' })),
        `${place}-se.keras`,
      );
      const { outputs } = await keras.compare(`${place}.keras`, path, { modes: ['eager'] });
      expect(outputs).toMatchObject([{ eager: 0, finite: true, varied: true }]);
    });

    test('adapted: words are not left behind', async () => {
      const model = await readModel(join(folder, `${kind}-adapted.keras`));
      for (const [name, dialect] of [
        ['left.h5', kind],
        ['left.keras', other],
        ['left.h5', other],
      ] as const) {
        const written = (async () => writeModel(model, join(folder, name), { dialect }))();
        await expect(written).rejects.toMatchObject({
          code: 'cannot-convert',
          message: expect.stringContaining('assets/layers/integer_lookup/vocabulary.txt'),
        });
      }
    });

    test('given: the other Keras has the same words', async () => {
      const place = join(folder, `${kind}-given`);
      const model = await readModel(`${place}.keras`);
      const { inputs, outputs } = await keras.outputs(`${place}.keras`);
      const expected = numbersOf(outputs[0]!);
      for (const ending of ['.keras', '.h5']) {
        const { path } = await writeModel(model, `${place}-${other}${ending}`, { dialect: other });
        const found = await oracle(other).outputs(path, { inputs });
        const gaps = [...numbersOf(found.outputs[0]!)].map((value, index) => Math.abs(value - expected[index]!));
        expect(Math.max(...gaps)).toBeLessThan(1e-6);
      }
    });
  });
}

describeOracle('keras3', 'bins', (keras) => {
  test('that were found stand for their number in Keras 2', async () => {
    const place = join(folder, 'bins');
    const code = `bins = L.Discretization(num_bins=4); bins.adapt(np.linspace(-1, 1, 100)); i = L.Input((9,))
model = keras.Model(i, L.Conv1D(8, 3)(L.Embedding(6, 8)(bins(i))))`;
    await keras.build(code, [`${place}.keras`]);
    const { inputs, outputs } = await keras.outputs(`${place}.keras`);
    const { path } = await writeModel(await readModel(`${place}.keras`), `${place}-2.keras`, { dialect: 'keras2' });
    const found = await oracle('keras2').outputs(path, { inputs });
    expect(numbersOf(found.outputs[0]!)).toEqual(numbersOf(outputs[0]!));
  });
});
