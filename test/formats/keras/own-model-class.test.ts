import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readModel, writeModel } from '../../../src/index.js';
import { allValues } from '../../support/all-values.js';
import { fixturePath } from '../../support/checkpoint-files.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

// `class Net(keras.Model): pass`, made from inputs and outputs: the file has the graph, and another name on it.

const folder = temporaryFolder();

test('a functional model of somebody’s class is read, and written as a plain one', async () => {
  const json = JSON.parse(readFileSync(fixturePath('model.json'), 'utf8'));
  const architecture = join(folder, 'net.json');
  writeFileSync(architecture, JSON.stringify({ ...json, class_name: 'Net' }));
  const model = await readModel(architecture, { weights: fixturePath('model.h5') });
  const expected = await allValues(await readModel(fixturePath('model.h5')));
  expect(await allValues(model)).toEqual(expected);
  expect(model.warnings).toMatchObject([{ code: 'own-model-class' }]);
  const written = join(folder, 'net.h5');
  await writeModel(model, written);
  const again = await readModel(written);
  expect(again.graph.read?.className).toBe('Functional');
  expect(await allValues(again)).toEqual(expected);
});

test('a model of somebody’s class without a graph is not', async () => {
  const architecture = join(folder, 'no-graph.json');
  writeFileSync(architecture, JSON.stringify({ class_name: 'Net', config: { units: 4 } }));
  await expect(readModel(architecture, { weights: fixturePath('model.h5') })).rejects.toMatchObject({
    code: 'subclassed-model',
  });
});
