import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { readModel, writeModel } from '../../src/index.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { useBackend } from '../support/tensorflow.js';
import { describeOracle, numbersOf, oracle } from './oracle.js';
import { expectClose } from './saved-models.js';
import { expectCloseInTensorFlowJs } from './tensorflowjs.js';

// Keras 3 writes masks into calls, which the others hand on by themselves; and calls by names alone.

const folder = temporaryFolder();
beforeAll(() => useBackend('cpu'));

const WORDS = 'i = L.Input((6,), dtype="int32"); x = L.Embedding(4, 5, mask_zero=True)(i)';
const STEPS = 'i = L.Input((6, 1), dtype="int32"); x = L.Masking()(L.Rescaling(1.0)(i))';
const MODEL = 'model = keras.Model(i, x)';

/** `web`: where TensorFlow.js makes something else of the mask, the class that stops it. */
const CASES = [
  { name: 'words', code: `${WORDS}; x = L.LSTM(4, return_sequences=True)(x); x = L.Dropout(0.2)(x); x = L.LSTM(3)(x)` },
  { name: 'steps', code: `${STEPS}; x = L.TimeDistributed(L.Dense(4))(x); x = L.SimpleRNN(3)(x)` },
  { name: 'both', code: `${WORDS}; x = L.Bidirectional(L.LSTM(3))(x)`, web: /this Bidirectional is given a mask/ },
  { name: 'mean', code: `${WORDS}; x = L.GlobalAveragePooling1D()(x)`, web: /Pooling1D is given a mask/ },
  { name: 'lost', code: `${WORDS}; x = L.Conv1D(4, 3)(x); x = L.LSTM(3)(x)`, web: /that of another layer/ },
  {
    name: 'by_names',
    code: `i = L.Input((6, 3)); k = L.Dense(3)(i); x = L.MultiHeadAttention(2, 4)(query=i, value=k)`,
    web: /no MultiHeadAttention/,
  },
];
/** What each loader makes in its own way. */
const DIFFERS = [
  { name: 'partly', code: `${WORDS}; x = L.LSTM(3)(L.Add()([x, L.Embedding(4, 5)(i)]))`, why: /Add have a mask/ },
  {
    name: 'begun',
    code: `${WORDS}; s = L.LSTM(4)(x); x = L.LSTM(4)(x, initial_state=[s, s])`,
    why: /an initial state|its mask \(the steps to skip\)/,
  },
];
const REFUSED = [
  { name: 'own', code: `${WORDS}; x = L.LSTM(3)(x, mask=keras.ops.not_equal(i, 1))` },
  {
    name: 'turned',
    code: `${STEPS}; m = keras.ops.not_equal(i, 0)[..., 0]; x = L.SimpleRNN(3)(L.Rescaling(2.0)(i), mask=m)`,
  },
];

describeOracle('keras3', 'masks in calls, converted', (keras) => {
  test.each(CASES)('$name', async ({ name, code, web }) => {
    const place = join(folder, name);
    await keras.build(`${code}; ${MODEL}`, [`${place}.keras`]);
    const asked = await keras.outputs(`${place}.keras`);
    const model = await readModel(`${place}.keras`);
    for (const ending of ['.h5', '.keras']) {
      const { path } = await writeModel(model, `${place}-keras2${ending}`, { dialect: 'keras2' });
      const { outputs } = await oracle('keras2').outputs(path, { inputs: asked.inputs });
      expectClose(numbersOf(outputs[0]!), numbersOf(asked.outputs[0]!), 1e-6);
    }
    if (web !== undefined) {
      await expect(async () => writeModel(model, place)).rejects.toThrow(web);
      return;
    }
    await writeModel(model, place);
    await expectCloseInTensorFlowJs(place, asked, 1e-6);
  });

  test.each(DIFFERS)('$name', async ({ name, code, why }) => {
    const place = join(folder, name);
    await keras.build(`${code}; ${MODEL}`, [`${place}.keras`]);
    const model = await readModel(`${place}.keras`);
    for (const to of [`${place}-keras2.keras`, place]) {
      const write = async () => writeModel(model, to, to === place ? {} : { dialect: 'keras2' });
      await expect(write).rejects.toThrow(why);
    }
  });

  test.each(REFUSED)('$name', async ({ name, code }) => {
    const place = join(folder, name);
    await keras.build(`${code}; ${MODEL}`, [`${place}.keras`]);
    const model = await readModel(`${place}.keras`);
    for (const to of [`${place}-keras2.keras`, place]) {
      const write = async () => writeModel(model, to, to === place ? {} : { dialect: 'keras2' });
      await expect(write).rejects.toThrow(/its mask \(the steps to skip\)/);
    }
  });
});
