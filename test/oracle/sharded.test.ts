import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { readModel, writeModel } from '../../src/index.js';
import { allValues } from '../support/all-values.js';
import { isAll } from '../support/is-all.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { describeOracle, listCatalogue } from './oracle.js';
import { expectExact, readSaved, retrofitSaved } from './saved-models.js';

// Weights in shards, which real Keras loads: what is made of them computes what they do in its hands.

const folder = temporaryFolder();
const fixture = (name: string) => fileURLToPath(new URL(`../../fixtures/sharded/${name}`, import.meta.url));
/** In one file too. */
const REFUSED: readonly string[] = ['layer_in_two_models'];
/** Everything known here is exact anyway; the fixture is trained, and has a batch norm in two files. */
const EVERY = isAll ? listCatalogue('keras3').filter(({ name, custom }) => !custom && !REFUSED.includes(name)) : [];

describeOracle('keras3', 'sharded weights', (keras) => {
  test('are retrofitted and converted exactly', async () => {
    const before = { json: fixture('net.json'), weights: fixture('net.weights.json') };
    await expectExact(keras, before, await retrofitSaved(before, join(folder, 'se')));
    const { path } = await writeModel(await readSaved(before), join(folder, 'whole.keras'));
    const compared = await keras.compareWeights(before, path);
    expect(compared).toMatchObject({ doubled: [], other: [], added: [], missing: [] });
    expect(compared.unchanged.length).toBeGreaterThan(20);
  });

  test.each(['residual_shortcut_first', ...EVERY.map(({ name }) => name)])('%s', { timeout: 300_000 }, async (name) => {
    await keras.make(name, folder, ['.json', '.weights.h5', '.weights.json']);
    const read = (ending: string) => readModel(join(folder, `${name}.json`), { weights: join(folder, name + ending) });
    const sharded = await read('.weights.json');
    expect(sharded.files.length).toBeGreaterThan(2);
    expect(await allValues(sharded)).toEqual(await allValues(await read('.weights.h5')));
  });
});
