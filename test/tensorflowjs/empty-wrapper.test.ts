import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { readModel, retrofit, writeModel } from '../../src/index.js';
import { buildModel, writeBuilt } from '../support/model-builder.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { firstDifference, loadModel, predict, seededInputs, useBackend } from '../support/tensorflow.js';

const folder = temporaryFolder();

beforeAll(() => useBackend('cpu'));

test('an architecture beside a model_config that is null, which TensorFlow.js does not look into', async () => {
  const built = buildModel();
  const { modelTopology } = built.json;
  built.json.modelTopology = { ...modelTopology, ...{ model_config: null } };
  const path = join(folder, 'model');
  writeBuilt(path, built);
  await writeModel(retrofit(await readModel(path)), `${path}-se`);
  const [before, after] = [await loadModel(path), await loadModel(`${path}-se`)];
  const inputs = seededInputs(before, 2);
  expect(firstDifference(predict(before, inputs), predict(after, inputs))).toBeUndefined();
});
