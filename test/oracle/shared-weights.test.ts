import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readModel } from '../../src/index.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { describeOracle } from './oracle.js';

// One layer with weights in two models: a .keras holds its weights once, and Keras 2 does not load what it saved.

const folder = temporaryFolder();
const PARTS = 'i = L.Input((4, 4, 4)); c = L.Conv2D(4, 1); d = L.Conv2D(4, 1)';

describeOracle('keras2', 'one layer with weights in two models', (keras) => {
  test.each([
    ['a Sequential', `${PARTS}; model = keras.Model(i, L.Add()([c(i), keras.Sequential([c, d])(i)]))`],
    ['a model', `${PARTS}; m = keras.Model(i, d(c(i))); j = L.Input((4, 4, 4)); model = keras.Model(j, m(c(j)))`],
    [
      'a wrapper',
      'i = L.Input((3, 4)); d = L.Dense(4); model = keras.Model(i, L.Add()([L.TimeDistributed(d)(i), d(i)]))',
    ],
  ])('%s', async (name, code) => {
    const file = join(folder, `${name.replaceAll(' ', '-')}.keras`);
    await keras.build(code, [file]);
    await expect(keras.layers(file)).rejects.toThrow('expected 2 variables, but received 0');
    await expect(readModel(file)).rejects.toMatchObject({ code: 'unmappable-weights' });
  });
});
