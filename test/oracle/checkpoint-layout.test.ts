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
  test.each(['keras-2.13.keras', 'keras-2.14.keras', 'windows-2.13.keras'])('%s', async (name) => {
    const before = fixture('model.h5');
    const model = await readModel(fixture(name));
    const after = await writeModel(retrofit(model), join(folder, name));
    await expectExact(keras, before, after.path);
    const plain = await writeModel(strip(await readModel(after.path)), join(folder, `plain-${name}`));
    for (const written of [plain, await writeModel(model, join(folder, `${name}.h5`))]) {
      const compared = await keras.compareWeights(before, written.path);
      expect(compared).toMatchObject({ doubled: [], other: [], added: [], missing: [] });
      expect(compared.unchanged.length).toBeGreaterThan(20);
    }
  });
});
