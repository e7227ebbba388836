import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { planRetrofit, readModel, writeModel } from '../../src/index.js';
import { modelFolder } from '../support/fixtures.js';
import { readFileWith } from '../support/hdf5-files.js';
import { temporaryFolder } from '../support/temporary-folder.js';

// What the mutants found, each as the least that shows it.

const folder = temporaryFolder();

test('a functional model that calls itself Model gets the names of one where a file says modules', async () => {
  const path = join(folder, 'net.h5');
  await writeModel(await readModel(modelFolder('channels-first')), path, { dialect: 'keras2' });
  const text = await readFileWith(path, (file) => file.readText('/', 'model_config')!);
  const { module, class_name, registered_name } = JSON.parse(text);
  expect({ module, class_name, registered_name }).toEqual({
    module: 'keras',
    class_name: 'Model',
    registered_name: null,
  });
  expect((await readModel(path)).graph.layers.length).toBeGreaterThan(0);
});

test('a model in which nothing is found is named', async () => {
  const model = await readModel(modelFolder('vgg'));
  const dense = {
    ...model,
    graph: { ...model.graph, layers: model.graph.layers.slice(0, 1), outputs: model.graph.inputs },
  };
  expect(() => planRetrofit(dense)).toThrow(
    expect.objectContaining({ code: 'nothing-found', where: expect.objectContaining({ file: model.path }) }),
  );
});

test('an HDF5 file whose groups claim larger nodes than they have is refused: HDF5 would write over what follows them', async () => {
  const path = join(folder, 'wide.h5');
  await writeModel(await readModel(modelFolder('channels-first')), path);
  const bytes = readFileSync(path);
  bytes[16] = 5;
  writeFileSync(path, bytes);
  await expect(readModel(path)).rejects.toMatchObject({ code: 'bad-hdf5', message: /5 and 16 names a node/ });
});

test('an archive of a version that Python does not read is refused', async () => {
  const path = join(folder, 'late.keras');
  await writeModel(await readModel(modelFolder('channels-first')), path);
  const bytes = readFileSync(path);
  for (const [signature, place] of [
    ['PK\x03\x04', 4],
    ['PK\x01\x02', 6],
  ] as const)
    bytes[bytes.indexOf(signature, 0, 'latin1') + place] = 0xff;
  writeFileSync(path, bytes);
  await expect(readModel(path)).rejects.toMatchObject({ code: 'bad-zip', message: /version 25.5/ });
});
