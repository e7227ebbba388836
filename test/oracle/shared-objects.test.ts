import { join } from 'node:path';
import { expect, test } from 'vitest';
import { inspect, readModel, writeModel } from '../../src/index.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { describeOracle } from './oracle.js';

// Keras 3 writes into a .keras that one object stands in several models, makes one object again, and then mistakes its calls in
// one model for those in another. Its .h5 of the same model says nothing of it, and loads.

const folder = temporaryFolder();

const PARTS = `
I = lambda: keras.Input((4, 4, 4))
C = lambda n=4: L.Conv2D(n, 1)
S = lambda *layers: keras.Sequential(list(layers))
i, r = I(), L.ReLU()
def M(layer):
    j = I()
    return keras.Model(j, layer(C()(j)))
def A(layer):
    j = I()
    return keras.Model(j, L.Add()([j, layer(j)]))
`;

const MODELS: readonly [string, string, 'loads' | 'fails' | 'differs'][] = [
  ['a layer of the root in a Sequential', 'keras.Model(i, L.Add()([r(i), S(C(), r)(i)]))', 'fails'],
  ['the Sequential first', 'keras.Model(i, r(S(C(), r)(i)))', 'loads'],
  ['two calls in the root', 'keras.Model(i, r(S(C(), r)(r(i))))', 'differs'],
  ['a Sequential deeper down', 'keras.Model(i, L.Add()([r(i), S(S(C(), r), C())(i)]))', 'fails'],
  ['two functional models', 'keras.Model(i, M(r)(M(r)(i)))', 'loads'],
  ['three functional models', 'keras.Model(i, M(r)(M(r)(M(r)(i))))', 'fails'],
  ['three Sequential models', 'keras.Model(i, S(C(), r)(S(C(), r)(S(C(), r)(i))))', 'loads'],
  ['a functional model behind the layer in a Sequential', 'S(I(), C(), r, A(r), C())', 'fails'],
  ['and before it', 'S(I(), A(r), C(), r, C())', 'loads'],
  ['a model', 'm = S(r, L.MaxPooling2D()); model = keras.Model(i, L.Concatenate()([m(i), S(m, C())(i)]))', 'fails'],
  [
    'a wrapped layer',
    'j = keras.Input((3, 4)); model = keras.Model(j, L.Add()([r(j), L.TimeDistributed(r)(j)]))',
    'loads',
  ],
];

describeOracle('keras3', 'one object in several models of a .keras', (keras) => {
  test.each(MODELS)('%s: %s %s', async (name, code, answer) => {
    const place = (ending: string) => join(folder, name + ending);
    const [file, legacy] = [place('.keras'), place('.h5')];
    await keras.build(`${PARTS}${code.includes('model = ') ? code : `model = ${code}`}`, [file, legacy]);
    const differenceOf = async (path: string) =>
      (await keras.compare(legacy, path, { modes: ['eager'] })).outputs[0]!.eager!;
    if (answer === 'fails') await expect(keras.layers(file)).rejects.toThrow('is not connected to `inputs`');
    else expect((await differenceOf(file)) === 0).toBe(answer === 'loads');
    const model = await readModel(file);
    expect(inspect(model).loads.find(({ loader }) => loader === 'keras3')).toMatchObject(
      answer === 'loads' ? { ok: true } : { ok: false, blockedBy: { field: 'shared_object_id' } },
    );
    // What is written has two layers, and loads.
    expect(await differenceOf((await writeModel(model, place('-again.keras'))).path)).toBe(0);
  });
});
