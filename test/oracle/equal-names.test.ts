import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readModel, retrofit, writeModel } from '../../src/index.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { describeOracle } from './oracle.js';
import { expectExact } from './saved-models.js';

// Keras allows models in one model whose layers have the same names, and cannot write them to a legacy .h5: their weights
// would have one name. It loads by order, and so what we write.

const folder = temporaryFolder();

describeOracle('keras2', 'layers of one name in two models', (keras) => {
  test('are written to .h5, with modules and without', async () => {
    const { files } = await keras.make('equal_names', folder, ['.keras']);
    await expect(keras.make('equal_names', folder, ['.h5'])).rejects.toThrow('name already exists');
    const model = await readModel(files['.keras']);
    const { path } = await writeModel(model, join(folder, 'plain.h5'));
    const { outputs, weights } = await keras.compare(files['.keras'], path, { modes: ['eager'], weights: true });
    expect(outputs).toMatchObject([{ eager: 0, finite: true, varied: true }]);
    expect(weights).toMatchObject({ other: [], missing: [], added: [], doubled: [], halved: [] });
    const after = await writeModel(retrofit(model), join(folder, 'modules.h5'));
    await expectExact(keras, files['.keras'], after.path);
    // Read again, it is changed in place.
    const again = await writeModel(retrofit(await readModel(path)), join(folder, 'again.h5'));
    await expectExact(keras, files['.keras'], again.path);
  });
});
