import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readModel, retrofit, strip, writeModel } from '../../src/index.js';
import { hdf5Fixture } from '../support/hdf5-files.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { describeOracle } from './oracle.js';
import { expectExact } from './saved-models.js';

// h5py says how every text is kept. TensorFlow up to 2.4 reads the kinds that its h5py 2.10 wrote, and no others.

const folder = temporaryFolder();

const OLD = {
  '/@backend': 'variable utf8 nullterm',
  '/@keras_version': 'variable utf8 nullterm',
  '/@model_config': 'variable ascii nullterm',
  '/model_weights@backend': 'variable ascii nullterm',
  '/model_weights@keras_version': 'variable ascii nullterm',
  '/model_weights@layer_names': 'fixed ascii nullpad',
  '/model_weights/conv@weight_names': 'fixed ascii nullpad',
  '/model_weights/image@weight_names': 'float64',
};
const ADDED = {
  '/@se_retrofit': 'variable ascii nullterm',
  ...Object.fromEntries(
    ['squeeze', 'reduce', 'expand', 'reshape', 'scale'].map((part) => [
      `/model_weights/se_1_1_${part}@weight_names`,
      part === 'reduce' || part === 'expand' ? 'fixed ascii nullpad' : 'float64',
    ]),
  ),
};

describeOracle('keras2', 'kinds of text', (keras) => {
  test.each([
    ['model_of_old.h5', OLD],
    ['model_of_old_trained.h5', { ...OLD, '/@training_config': 'variable ascii nullterm' }],
  ])('%s keeps those of its h5py, and so does what is new', async (name, kinds) => {
    const before = hdf5Fixture(name);
    const model = retrofit(await readModel(before), { at: ['conv'] });
    const { path } = await writeModel(model, join(folder, name));
    expect(await keras.textKinds(path)).toEqual({ ...kinds, ...ADDED });
    await expectExact(keras, before, path);
    const plain = await writeModel(strip(await readModel(path)), join(folder, `plain-${name}`));
    expect(await keras.textKinds(plain.path)).toEqual(kinds);
  });
});

for (const kind of ['keras2', 'keras3'] as const) {
  describeOracle(kind, 'kinds of text in a new file', (keras) => {
    test('are those of today’s Keras', async () => {
      await keras.make('residual_shortcut_first', `${folder}/${kind}`, ['.keras', '.h5']);
      const model = await readModel(`${folder}/${kind}/residual_shortcut_first.keras`);
      const { path } = await writeModel(model, `${folder}/${kind}/converted.h5`);
      const kinds = await keras.textKinds(`${folder}/${kind}/residual_shortcut_first.h5`);
      expect(Object.keys(kinds).length).toBeGreaterThan(10);
      expect(await keras.textKinds(path)).toEqual(kinds);
    });
  });
}
