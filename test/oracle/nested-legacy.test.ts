import { join } from 'node:path';
import { expect, test } from 'vitest';
import { inspect, readModel } from '../../src/index.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { describeOracle, numbersOf, oracle } from './oracle.js';
import { expectClose } from './saved-models.js';

// Models in models in an .h5 of Keras 2: Keras 3 makes a list of what a functional one gives on, and counts calls otherwise.

const folder = temporaryFolder();

const PARTS = `
I = lambda *shape: keras.Input(shape or (4, 4, 4))
C = lambda n=4: L.Conv2D(n, 1)
S = lambda *layers: keras.Sequential(list(layers))
i = I()
def F():
    j = I()
    return keras.Model(j, C()(j))
`;

const MODELS: readonly [string, 'loads' | 'fails' | 'differs'][] = [
  ['S(F(), C(2))', 'fails'],
  ['S(I(), C(), F(), C(2))', 'fails'],
  ['S(I(), C(), F())', 'loads'],
  ['S(I(), C(), F(), F())', 'loads'],
  ['S(I(), C(), F(), F(), L.ReLU())', 'differs'],
  ['S(I(), F(), S(I(), C(3)))', 'loads'],
  ['S(I(), F(), S(F()))', 'fails'],
  ['S(I(), S(I(), C()), C(2))', 'loads'],
  ['S(I(), S(I(), C(), S(C())), C(2))', 'loads'],
  ['S(I(3, 4, 4, 4), L.TimeDistributed(S(I(), C())), L.ReLU())', 'loads'],
  ['S(I(3, 4, 4, 4), L.TimeDistributed(F()))', 'fails'],
  ['keras.Model(i, F()(i))', 'loads'],
  ['keras.Model(i, L.ReLU()(F()(i)))', 'fails'],
  ['keras.Model(i, S(I(), C())(i))', 'fails'],
];

describeOracle('keras2', 'models in models, for Keras 3', (keras) => {
  test.each(MODELS)('%s %s', async (code, answer) => {
    const file = join(folder, `${MODELS.findIndex(([other]) => other === code)}.h5`);
    await keras.build(`${PARTS}model = ${code}`, [file]);
    const [made] = (await keras.outputs(file)).outputs;
    const loaded = oracle('keras3').outputs(file);
    if (answer === 'fails') await expect(loaded).rejects.toThrow();
    else if (answer === 'differs') expect((await loaded).outputs[0]!.shape).not.toEqual(made!.shape);
    else expectClose(numbersOf((await loaded).outputs[0]!), numbersOf(made!), 2e-6);
    const verdict = inspect(await readModel(file)).loads.find(({ loader }) => loader === 'keras3')!;
    expect(verdict.ok).toBe(answer === 'loads');
  });
});
