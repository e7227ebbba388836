import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { convertModel } from '../../src/formats/convert-model.js';
import { inspect, readModel, retrofit, writeModel } from '../../src/index.js';
import { type Format, listGraphs, type Model } from '../../src/model/model.js';
import { readFixture } from '../support/fixtures.js';
import {
  type BuiltModel,
  buildModel,
  graph,
  input,
  type LayerJson,
  layer,
  layerOf,
  layersOf,
  nested,
  writeBuilt,
} from '../support/model-builder.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const folder = temporaryFolder();

const KERAS3: Format = { container: 'keras-zip', dialect: 'keras3', weightLayout: 'weights-hdf5' };

/** Layers whose names Keras 3 does not take, a residual unit of them in a model in a model. */
function buildNested(slash = '/'): BuiltModel {
  const named = (...parts: readonly string[]) => parts.join(slash);
  const model = buildModel();
  const { config } = layerOf(model, 'b');
  const conv = (name: string, before: string, activation: string): LayerJson =>
    layer('Conv2D', name, { ...config, name, activation, use_bias: false }, [before]);
  const unit = nested(
    named('unit', '1'),
    [
      input(named('unit', 'in'), [8, 8, 3]),
      conv(named('unit', 'stem'), named('unit', 'in'), 'relu'),
      conv(named('unit', 'a'), named('unit', 'stem'), 'relu'),
      conv(named('unit', 'b'), named('unit', 'a'), 'linear'),
      layer('Add', named('unit', 'sum'), {}, [named('unit', 'stem'), named('unit', 'b')]),
    ],
    [named('stage', 'in')],
  );
  const stage = nested(named('stage', '1'), [input(named('stage', 'in'), [8, 8, 3]), unit], ['image']);
  model.json.modelTopology.config = graph('network', [input('image', [8, 8, 3]), stage], ['image'], []);
  model.json.modelTopology.config.output_layers = [[named('stage', '1'), 1, 0]];
  const weights = ['stem', 'a', 'b'].map((name) => ({
    name: `${named('unit', name)}/kernel`,
    shape: [3, 3, name === 'stem' ? 3 : 4, 4],
    dtype: 'float32',
  }));
  const count = weights.reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0);
  model.json.weightsManifest = [{ paths: ['weights.bin'], weights }];
  const values = Float32Array.from({ length: count }, (_, index) => Math.sin(index) / 4);
  model.files = new Map([['weights.bin', new Uint8Array(values.buffer)]]);
  return model;
}

/** Every place that the record names, and whether the model has it. */
function placesOf({ record, graph: root }: Model): readonly { place: string; isThere: boolean }[] {
  const named = [
    ...record!.modules.map(({ graph: path, after }) => [...path, after].join(' > ')),
    ...record!.doubled.map(({ graph: path, layer: name }) => [...path, name].join(' > ')),
  ];
  const there = new Set(
    [...listGraphs(root)].flatMap(({ graph: inner, path }) =>
      inner.layers.map(({ name }) => [...path, name].join(' > ')),
    ),
  );
  return named.map((place) => ({ place, isThere: there.has(place) }));
}

test('the record follows layers and nested models that get other names', async () => {
  const before = retrofit(await readModel(writeBuilt(join(folder, 'nested'), buildNested())));
  expect(before.record).toMatchObject({
    modules: [{ name: 'se_1_1', after: 'unit/b', graph: ['stage/1', 'unit/1'], exactBy: 'conv' }],
    doubled: [{ graph: ['stage/1', 'unit/1'], layer: 'unit/b', weight: 'kernel', exponent: 1 }],
  });
  const after = convertModel(before, KERAS3);
  expect(placesOf(after)).toEqual([
    { place: 'stage_1 > unit_1 > unit_b', isThere: true },
    { place: 'stage_1 > unit_1 > unit_b', isThere: true },
  ]);

  const path = join(folder, 'nested.keras');
  await writeModel(before, path);
  expect((await readModel(path)).record).toEqual(after.record);
});

test('a slash in a name is no border between models', async () => {
  const built = buildNested('_');
  // Outside stands a layer whose name reads like the way to the layer inside.
  const twin = layer('Activation', 'stage_1/unit_1/unit_b', { activation: 'relu' }, []);
  twin.inbound_nodes = [[['stage_1', 1, 0, {}]]];
  built.json.modelTopology.config.layers.push(twin);
  built.json.modelTopology.config.output_layers = [[twin.name, 0, 0]];
  const before = retrofit(await readModel(writeBuilt(join(folder, 'twin'), built)));
  const after = convertModel(before, KERAS3);
  expect(after.record).toEqual(before.record);
  expect(placesOf(after).map(({ isThere }) => isThere)).toEqual([true, true]);
});

test('names that the new format takes stay in the record', async () => {
  const before = retrofit(await readModel(writeBuilt(join(folder, 'again'), buildNested())));
  const after = convertModel(before, { ...KERAS3, dialect: 'keras2' });
  expect(after.record).toEqual(before.record);
  expect(placesOf(after).every(({ isThere }) => isThere)).toBe(true);
});

test('a Sequential model that was never given a shape loads nowhere, and is converted for nobody', async () => {
  const model = buildModel();
  const conv = layerOf(model, 'stem');
  const group = model.json.weightsManifest[0]!;
  group.weights = group.weights.filter(({ name }) => name.startsWith('stem/'));
  const sizes = group.weights.map(({ shape }) => 4 * (shape as number[]).reduce((product, size) => product * size, 1));
  model.files = new Map([['weights.bin', new Uint8Array(sizes.reduce((sum, size) => sum + size, 0))]]);
  const json = {
    ...model.json,
    modelTopology: { module: 'keras', class_name: 'Sequential', config: { name: 'seq', layers: [conv] } },
  };
  const read = await readModel(writeBuilt(join(folder, 'unbuilt'), model, JSON.stringify(json)));
  const blockedBy = { layer: 'stem', field: 'batch_input_shape' };
  expect(inspect(read).loads.find(({ loader }) => loader === 'tfjs')).toMatchObject({ ok: false, blockedBy });
  for (const dialect of ['keras2', 'keras3'] as const) {
    const converted = async () => writeModel(read, join(folder, `unbuilt-${dialect}.keras`), { dialect });
    await expect(converted).rejects.toMatchObject({ code: 'cannot-convert', where: { field: 'batch_input_shape' } });
  }
});

test('Keras 2.6 does not finish a Normalization that it loads from an .h5: said where one is made of something else', async () => {
  const model = await readFixture('resnet-v1');
  const layers = model.graph.layers.map((each) =>
    each.className === 'BatchNormalization' ? { ...each, className: 'Normalization' } : each,
  );
  const saved: Model = {
    ...model,
    graph: { ...model.graph, layers },
    format: { container: 'saved-model', dialect: 'keras2', weightLayout: 'checkpoint' },
  };
  const codes = (kerasVersion: string, container: 'keras-h5' | 'keras-zip') => {
    const weightLayout = container === 'keras-h5' ? 'legacy-hdf5' : 'weights-hdf5';
    const { warnings } = convertModel({ ...saved, kerasVersion }, { container, dialect: 'keras2', weightLayout });
    return warnings.map(({ code }) => code);
  };
  expect(codes('2.6.0', 'keras-h5')).toContain('state-not-finalized');
  expect(codes('2.6.0', 'keras-zip')).not.toContain('state-not-finalized');
  expect(codes('2.10.0', 'keras-h5')).not.toContain('state-not-finalized');
});

test('a layer that is never called is translated like any other', async () => {
  const model = buildModel();
  for (const [name, config] of [
    ['LayerNormalization', { axis: -1, epsilon: 1e-3, center: false, scale: false }],
    ['BatchNormalization', { axis: -1, epsilon: 1e-3, center: false, scale: false }],
    ['Softmax', { axis: -1 }],
  ] as const)
    layersOf(model).push(layer(name, `alone_${name}`, config, []));
  const before = await readModel(writeBuilt(join(folder, 'uncalled'), model));
  const converted = convertModel(before, KERAS3);
  expect(converted.graph.layers.map(({ name }) => name)).toEqual(before.graph.layers.map(({ name }) => name));
});

test('a model is not said to be convertible for a loader that would not load what comes out', async () => {
  const model = buildModel();
  Object.assign(layerOf(model, 'rectified'), { class_name: 'AutoContrast' });
  layerOf(model, 'rectified').config = { name: 'rectified', trainable: true, value_range: [0, 1] };
  const read = await readModel(writeBuilt(join(folder, 'contrast'), model));
  expect(inspect(read).loads.map(({ ok }) => ok)).toEqual([false, false, true]);
  expect(inspect(read).converts).toEqual([]);
});

test.each([
  ['saved-model/tf-2.13', ['tfjs', 'keras3']],
  // Of a layout that no later Keras finds the weights of.
  ['checkpoint-layout/keras-2.14.keras', ['keras2', 'keras3']],
])('%s is said to be convertible where it is', async (name, converts) => {
  const read = await readModel(fileURLToPath(new URL(`../../fixtures/${name}`, import.meta.url)));
  expect(inspect(read).converts).toEqual(converts);
});

test('tune is said to compute without the layers that only training has', async () => {
  const model = buildModel();
  Object.assign(layerOf(model, 'rectified'), { class_name: 'RandomFlip' });
  layerOf(model, 'rectified').config = { name: 'rectified', trainable: true, mode: 'horizontal', seed: null };
  const read = await readModel(writeBuilt(join(folder, 'flipped'), model));
  const format = { container: 'keras-h5', dialect: 'keras2', weightLayout: 'legacy-hdf5' } as const;
  const { commands } = inspect(retrofit({ ...read, format }));
  expect(commands.map(({ command, ok, without }) => [command, ok, without])).toEqual([
    ['verify', true, []],
    ['excite', true, []],
    ['tune', true, ['rectified']],
    ['bake', true, []],
  ]);
});
