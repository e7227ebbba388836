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
