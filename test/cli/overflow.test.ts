import { join } from 'node:path';
import { expect, test } from 'vitest';
import { planRetrofit, readModel, retrofit, writeModel } from '../../src/index.js';
import { makeFolders } from '../support/cli.js';
import { buildModel, groupOf, WEIGHT_FILE, writeBuilt } from '../support/model-builder.js';
import { firstDifference, loadModel, predict, seededInputs, useBackend } from '../support/tensorflow.js';
import { addReport } from './add-report.js';

const newFolder = makeFolders();

/** The built model with a kernel before its site that is too large to be doubled, where nothing but zeros meets it. */
function writeHuge(folder: string): string {
  const model = buildModel();
  const values = new Float32Array(model.files.get(WEIGHT_FILE)!.buffer);
  let offset = 0;
  for (const { name, shape } of groupOf(model).weights) {
    const count = (shape as number[]).reduce((product, size) => product * size, 1);
    for (let index = 0; index < count; index++) {
      // The first channel of a is zero for every image.
      if ((name === 'a/kernel' || name === 'a/bias') && index % 4 === 0) values[offset + index] = 0;
      if (name === 'b/kernel' && Math.floor(index / 4) % 4 === 0) values[offset + index] = 2e38;
    }
    offset += count;
  }
  return writeBuilt(join(folder, 'huge'), model);
}

test('a weight without room for a factor of two sends the factor another way', async () => {
  await useBackend('cpu');
  const folder = newFolder();
  const path = writeHuge(folder);
  const output = join(folder, 'after');
  const { sites, exact, warnings } = await addReport([path, '-o', output]);
  expect(sites).toMatchObject([{ after: 'b', exactBy: 'doubled-gate' }]);
  expect({ exact, warnings }).toEqual({ exact: true, warnings: [] });

  const before = await loadModel(join(folder, 'huge'));
  const after = await loadModel(output);
  const inputs = seededInputs(before, 1);
  const expected = predict(before, inputs);
  expect(expected[0]!.every(Number.isFinite)).toBe(true);
  expect(firstDifference(expected, predict(after, inputs))).toBeUndefined();
  before.dispose();
  after.dispose();
});

test.each(['.keras', '.h5'])('a %s file too', async (ending) => {
  const folder = newFolder();
  const path = join(folder, `huge${ending}`);
  await writeModel(await readModel(writeHuge(folder)), path);
  expect((await addReport([path])).sites).toMatchObject([{ after: 'b', exactBy: 'doubled-gate' }]);
});

test('the library reads no weight before it writes: it refuses, or is told which not to double', async () => {
  const folder = newFolder();
  const model = await readModel(writeHuge(folder));
  const output = join(folder, 'after');
  await expect(writeModel(retrofit(model), output)).rejects.toMatchObject({
    code: 'overflow',
    message: expect.stringContaining('b/kernel'),
  });
  const plan = planRetrofit(model, {}, [{ graph: [], layer: 'b', weight: 'kernel' }]);
  expect(plan.sites).toMatchObject([{ exactBy: 'doubled-gate' }]);
  await writeModel(retrofit(model, plan), output);
});

test('other weights are doubled as ever', async () => {
  const folder = newFolder();
  const { sites } = await addReport([writeBuilt(join(folder, 'usual'), buildModel()), '--dry-run']);
  expect(sites).toMatchObject([{ after: 'b', exactBy: 'conv' }]);
});
