import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { readModel, writeModel } from '../../src/index.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { useBackend } from '../support/tensorflow.js';
import { describeOracle } from './oracle.js';
import { expectCloseInTensorFlowJs } from './tensorflowjs.js';

// What TensorFlow.js does not work out by itself is written out for it.

const folder = temporaryFolder();
beforeAll(() => useBackend('cpu'));

const MAPS = 'i = L.Input((4, 4, 3)); x = L.Conv2D(6, 3, padding="same")(i)';
const MODEL = 'model = keras.Model(i, L.Dense(3)(L.Flatten()(x)))';
const CASES = [
  ['rows, of a negative axis', `${MAPS}; x = L.Concatenate(axis=-2)([x, L.Conv2D(6, 1)(i)])`],
  ['columns, of another', `${MAPS}; x = L.Concatenate(axis=-3)([x, L.Conv2D(6, 1)(i)])`],
  ['a size of -1, and a layer that wants to know it', `${MAPS}; x = L.LSTM(4)(L.Reshape((4, -1))(x))`],
  ['a size of -1 inside a TimeDistributed', `${MAPS}; x = L.TimeDistributed(L.Reshape((-1,)))(x); x = L.LSTM(4)(x)`],
  [
    'a nested model',
    `${MAPS}; j = L.Input((4, 4, 6)); m = keras.Model(j, L.Dense(2)(L.Reshape((-1,))(L.Concatenate(axis=-2)([j, j])))); x = m(x)`,
  ],
] as const;

for (const kind of ['keras2', 'keras3'] as const) {
  describeOracle(kind, 'sizes, converted to TensorFlow.js', (keras) => {
    test.each(CASES)('%s', async (name, code) => {
      const place = join(folder, `${kind}-${name.replaceAll(/\W+/g, '-')}`);
      await keras.build(`${code}; ${MODEL}`, [`${place}.keras`]);
      const asked = await keras.outputs(`${place}.keras`);
      await writeModel(await readModel(`${place}.keras`), place);
      await expectCloseInTensorFlowJs(place, asked, 1e-5);
    });
  });
}

describeOracle('keras3', 'what neither TensorFlow.js nor an .h5 can say', (keras) => {
  test('one TimeDistributed for sequences of two lengths', async () => {
    const place = join(folder, 'lengths');
    const code =
      'i = L.Input((4, 3)); t = L.TimeDistributed(L.Dense(2)); x = L.Concatenate(axis=1)([t(i), t(L.MaxPooling1D(2)(i))])';
    await keras.build(`${code}; ${MODEL}`, [`${place}.keras`]);
    const model = await readModel(`${place}.keras`);
    await expect(async () => writeModel(model, place)).rejects.toThrow(/sequences of different lengths/);
  });

  test('statistics of a Normalization in a model inside another', async () => {
    const place = join(folder, 'statistics');
    const code = `${MAPS}; j = L.Input((4, 4, 6)); m = keras.Model(j, L.Normalization()(j)); x = m(x)`;
    await keras.build(`${code}; ${MODEL}`, [`${place}.keras`]);
    const model = await readModel(`${place}.keras`);
    await expect(async () => writeModel(model, `${place}.h5`)).rejects.toThrow(
      /its mean is read from an \.h5 and not used/,
    );
  });
});
