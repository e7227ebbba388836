import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { inspect, readModel, retrofit, writeModel } from '../../src/index.js';
import { modelFolder } from '../support/fixtures.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { loadModel, predict, seededInputs, tf, useBackend } from '../support/tensorflow.js';
import { describeOracle, numbersOf } from './oracle.js';
import { expectClose } from './saved-models.js';

// What people leave of a model.json when they repair it by hand, and what the loaders make of that.

const folder = temporaryFolder();
beforeAll(() => useBackend('cpu'));

type Json = { [key: string]: Json };

/** A copy of a fixture whose topology was changed by hand. */
function changed(name: string, to: string, change: (file: Json) => void): string {
  const place = join(folder, to);
  cpSync(modelFolder(name), place, { recursive: true });
  const file = JSON.parse(readFileSync(join(place, 'model.json'), 'utf8')) as Json;
  change(file);
  writeFileSync(join(place, 'model.json'), JSON.stringify(file));
  return place;
}

const verdictOf = async (path: string, loader: string) =>
  inspect(await readModel(path)).loads.find((verdict) => verdict.loader === loader)!;

test('TensorFlow.js does not read modelConfig; what is written says model_config', async () => {
  const place = changed('densenet', 'spelt', ({ modelTopology }) => {
    expect(modelTopology!.model_config).toBeDefined();
    modelTopology!.modelConfig = modelTopology!.model_config!;
    delete modelTopology!.model_config;
  });
  await expect(loadModel(place)).rejects.toThrow('Improper config format');
  expect(await verdictOf(place, 'tfjs')).toMatchObject({ ok: false, blockedBy: { field: 'modelTopology' } });
  const { path } = await writeModel(retrofit(await readModel(place)), join(folder, 'spelt-se'));
  expect(await verdictOf(path, 'tfjs')).toMatchObject({ ok: true });
  (await loadModel(join(folder, 'spelt-se'))).dispose();
});

test.each<[string, string, (config: Json) => void]>([
  ['a name beside the config alone', 'config.name', (config) => delete config.name],
  [
    'an axis in a list, from the end',
    'axis',
    (config) => Object.assign(config, 'epsilon' in config ? { axis: [-1] as unknown as Json } : {}),
  ],
])('%s stops TensorFlow.js, and what is written loads', async (name, field, change) => {
  const place = changed('resnet-v1', name.replaceAll(' ', '-'), ({ modelTopology }) => {
    const { layers } = ((modelTopology!.model_config ?? modelTopology!) as Json).config!;
    for (const layer of layers as unknown as Json[]) change(layer.config!);
  });
  await expect(loadModel(place)).rejects.toThrow();
  expect(await verdictOf(place, 'tfjs')).toMatchObject({ ok: false, blockedBy: { field } });
  await writeModel(retrofit(await readModel(place)), `${place}-se`);
  const [loaded, asItWas] = [await loadModel(`${place}-se`), await loadModel(modelFolder('resnet-v1'))];
  const inputs = seededInputs(asItWas, 1);
  expect(predict(loaded, inputs)).toEqual(predict(asItWas, inputs));
});

test('TensorFlow.js finds a function by a class name, which no Keras does: what is written names it', async () => {
  const place = changed('resnet-v1', 'by-class', ({ modelTopology }) => {
    const text = JSON.stringify(modelTopology);
    const spelt = text.replaceAll(/"activation":"(relu|softmax)"/g, '"activation":{"class_name":"$1","config":{}}');
    expect(spelt).not.toBe(text);
    Object.assign(modelTopology!, JSON.parse(spelt));
  });
  const [loaded, asItWas] = [await loadModel(place), await loadModel(modelFolder('resnet-v1'))];
  const inputs = seededInputs(loaded, 1);
  expect(predict(loaded, inputs)).toEqual(predict(asItWas, inputs));
  expect(await verdictOf(place, 'tfjs')).toMatchObject({ ok: true });
  for (const kind of ['keras2', 'keras3'] as const) {
    expect(await verdictOf(place, kind)).toMatchObject({ ok: false, blockedBy: { field: 'activation' } });
    const { path } = await writeModel(await readModel(place), join(folder, `by-class-${kind}.h5`), { dialect: kind });
    expect(await verdictOf(path, kind)).toMatchObject({ ok: true });
  }
});

describeOracle('keras3', 'a layer in another one is found by its module alone', (keras) => {
  test.each(['bidirectional', 'distributed-layers'])('%s', async (name) => {
    const [whole, cut] = [join(folder, `${name}.json`), join(folder, `${name}-cut.json`)];
    const weights = whole.replace('.json', '.weights.h5');
    await writeModel(await readModel(modelFolder(name)), weights, { dialect: 'keras3' });
    const said = readFileSync(whole, 'utf8');
    const text = said.replaceAll(/("layer":\s*\{)\s*"module":\s*"keras.layers",/g, '$1');
    expect(text).not.toBe(said);
    writeFileSync(cut, text);
    const verdict = async (json: string) =>
      inspect(await readModel(json, { weights })).loads.find(({ loader }) => loader === 'keras3')!;
    expect(await verdict(whole)).toMatchObject({ ok: true });
    expect(await verdict(cut)).toMatchObject({ ok: false, blockedBy: { field: 'layer' } });
    await keras.layers({ json: whole, weights });
    await expect(keras.layers({ json: cut, weights })).rejects.toThrow('Could not locate class');
    // It may be changed where it stands; a conversion of it would be of use to nobody.
    await writeModel(
      retrofit(await readModel(cut, { weights }), { granularity: 'conv' }),
      join(folder, `${name}-se.json`),
    );
    const moved = async () => writeModel(await readModel(cut, { weights }), join(folder, `${name}-cut.keras`));
    await expect(moved()).rejects.toMatchObject({ code: 'cannot-convert', where: { field: 'layer' } });
  });
});

describeOracle('keras2', 'models without names', (keras) => {
  test.each(['nested-deep', 'sequential-object', 'resnet-v2'])('%s', async (name) => {
    const place = changed(name, name, ({ modelTopology }) => {
      const dropNames = (model: Json) => {
        delete model.config!.name;
        for (const layer of Object.values(model.config!.layers ?? {})) if (layer.config?.layers) dropNames(layer);
      };
      dropNames(modelTopology!.model_config ?? modelTopology!);
    });
    const loaded = await loadModel(place);
    const inputs = seededInputs(loaded, 1);
    const expected = predict(loaded, inputs);
    const asked = inputs.map((tensor) => ({
      shape: tensor.shape,
      base64: Buffer.from(tensor.dataSync().buffer).toString('base64'),
    }));
    for (const ending of ['.h5', '.keras']) {
      const { path } = await writeModel(await readModel(place), join(folder, name + ending), { dialect: 'keras2' });
      expect(await verdictOf(path, 'keras2')).toMatchObject({ ok: true });
      const { outputs } = await keras.outputs(path, { inputs: asked });
      for (const [index, output] of outputs.entries()) expectClose(numbersOf(output), expected[index]!, 2e-6);
    }
    tf.dispose(inputs);
    loaded.dispose();
  });
});
