import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { convertModel } from '../../src/formats/convert-model.js';
import { lowerModel } from '../../src/formats/dialects/lower-graph.js';
import { inspect, readModel, retrofit, writeModel } from '../../src/index.js';
import { type Plain, toPlain } from '../../src/json/json-value.js';
import { modelFolder, readFixture } from '../support/fixtures.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { firstDifference, loadModel, predict, seededInputs, tf, useBackend } from '../support/tensorflow.js';

// The converter of TensorFlow.js 4.22 puts the architecture of a Keras 3 file into model.json as it is, and
// TensorFlow.js does not load it (tensorflow/tfjs 8328, 8220).

const folder = temporaryFolder();

afterEach(() => tf.disposeVariables());

/** A fixture as that converter writes it from a Keras 3 `.h5`; older versions of Keras 3 named weights by their models. */
async function writeConverted(name: string, scope: string): Promise<string> {
  const to = join(folder, `${name}${scope.replace('/', '')}`);
  cpSync(modelFolder(name), to, { recursive: true });
  const model = await readFixture(name);
  const { graph } = convertModel(model, { container: 'keras-h5', dialect: 'keras3', weightLayout: 'legacy-hdf5' });
  const json = JSON.parse(readFileSync(join(to, 'model.json'), 'utf8'));
  const config = toPlain(lowerModel(graph, { dialect: 'keras3', hasModules: false }));
  json.modelTopology = { keras_version: '3.15.1', backend: 'tensorflow', model_config: config satisfies Plain };
  for (const group of json.weightsManifest) for (const weight of group.weights) weight.name = scope + weight.name;
  writeFileSync(join(to, 'model.json'), JSON.stringify(json));
  return to;
}

test.each([
  ['resnet-v1', ''],
  ['resnet-v1', 'functional/'],
  ['nested-backbone-functional', ''],
  ['quantized-uint8', ''],
])('%s, weights called %s...: what is written is of TensorFlow.js again', async (name, scope) => {
  await useBackend('cpu');
  const path = await writeConverted(name, scope);
  await expect(loadModel(path)).rejects.toThrow();
  const model = await readModel(path);
  expect(model.format).toMatchObject({ container: 'tfjs', dialect: 'keras3' });
  expect(inspect(model).loads.find(({ loader }) => loader === 'tfjs')).toMatchObject({ ok: false });

  await writeModel(model, `${path}-plain`);
  await writeModel(retrofit(model), `${path}-se`);
  await writeModel(model, `${path}.keras`);
  const before = await loadModel(modelFolder(name));
  const inputs = seededInputs(before, 1);
  for (const written of [`${path}-plain`, `${path}-se`]) {
    const after = await loadModel(written);
    expect(firstDifference(predict(before, inputs), predict(after, inputs))).toBeUndefined();
  }
  expect((await readModel(`${path}.keras`)).format.dialect).toBe('keras3');
});

test('weights by the paths of Keras 3 are refused, with what to do', async () => {
  const path = await writeConverted('resnet-v1', '');
  const json = JSON.parse(readFileSync(join(path, 'model.json'), 'utf8'));
  const weights = json.weightsManifest.flatMap((group: { weights: { name: string }[] }) => group.weights);
  weights.forEach((weight: { name: string }, index: number) => {
    weight.name = `layers/conv2d_${index}/vars/0`;
  });
  writeFileSync(join(path, 'model.json'), JSON.stringify(json));
  await expect(readModel(path)).rejects.toMatchObject({
    code: 'weights-mismatch',
    hint: expect.stringContaining('reads the .keras file itself'),
  });
});
