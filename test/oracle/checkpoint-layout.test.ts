import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { readModel, retrofit, strip, writeModel } from '../../src/index.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { describeOracle } from './oracle.js';
import { expectExact } from './saved-models.js';

// Keras 2.12 to 2.14 kept weights where no later Keras looks: what they saved as .h5, which all read, is the judge.

const folder = temporaryFolder();
const fixture = (name: string) => fileURLToPath(new URL(`../../fixtures/checkpoint-layout/${name}`, import.meta.url));

describeOracle('keras2', 'files of Keras 2.12 to 2.14', (keras) => {
  // What the other files of this layout hold is compared without Keras: test/formats/weight-layouts.
  test('are retrofitted, and stripped, for the Keras of today', async () => {
    const before = fixture('model.h5');
    const after = await writeModel(retrofit(await readModel(fixture('windows-2.13.keras'))), join(folder, 'se.keras'));
    await expectExact(keras, before, after.path);
    const plain = await writeModel(strip(await readModel(after.path)), join(folder, 'plain.keras'));
    const compared = await keras.compareWeights(before, plain.path);
    expect(compared).toMatchObject({ doubled: [], other: [], added: [], missing: [] });
    expect(compared.unchanged.length).toBeGreaterThan(20);
  });
});
