import { join } from 'node:path';
import { expect, test } from 'vitest';
import { raiseGraph } from '../../src/formats/dialects/raise-graph.js';
import { readModel } from '../../src/index.js';
import { fromPlain, type Plain } from '../../src/json/json-value.js';
import type { Shape } from '../../src/layers/layer-facts.js';
import { resolveGraph } from '../../src/model/graph-nodes.js';
import { type Graph, listGraphs, type Model } from '../../src/model/model.js';
import { hintedShape } from '../../src/model/shape-hints.js';
import { inferShapes } from '../../src/model/shapes.js';
import { planRetrofit, surveyRetrofit } from '../../src/plan/plan-retrofit.js';
import { addWeight } from '../cli/refused.js';
import { DIALECT_NAMES, NETWORK_EXPECTATIONS, readDialect, readNetwork } from '../support/dialects.js';
import { MODEL_NAMES, readFixture } from '../support/fixtures.js';
import { buildModel, type LayerJson, layer, layerOf, layersOf, writeBuilt } from '../support/model-builder.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const folder = temporaryFolder();
let count = 0;

/** What is told of every tensor whose shape is known, beside that shape. */
function compare(root: Graph): { name: string; known: Shape; told: Shape | 'disagree' | undefined }[] {
  return [...listGraphs(root)].flatMap(({ graph }) => {
    const { nodes } = resolveGraph(graph);
    const shapes = inferShapes(graph);
    return nodes.flatMap((node) => {
      const known = shapes[node.id]?.[0];
      if (known === undefined || node.layer.graph !== undefined) return [];
      return [{ name: node.layer.name, known, told: hintedShape(nodes, { node: node.id, tensor: 0 }) }];
    });
  });
}

const isTrue = (known: Shape, told: Shape | 'disagree'): boolean =>
  told !== 'disagree' &&
  told.length === known.length &&
  told.every((size, axis) => size === null || known[axis] === null || known[axis] === size);

// Of real models, everything that readers tell must be what the layers themselves say.
test.each(MODEL_NAMES)('%s: no reader tells a wrong shape', async (name) => {
  const compared = compare((await readFixture(name)).graph);
  expect(compared.filter(({ known, told }) => told !== undefined && !isTrue(known, told))).toEqual([]);
});

test('in most models of Keras 2 and TensorFlow.js, readers tell of most tensors', async () => {
  const all = (await Promise.all(MODEL_NAMES.map(readFixture))).flatMap(({ graph }) => compare(graph));
  expect(all.filter(({ told }) => told !== undefined).length).toBeGreaterThan(all.length / 2);
});

test.each(DIALECT_NAMES.filter((name) => !name.includes('unbuilt')))('%s: no reader tells a wrong shape', (name) => {
  const compared = compare(readDialect(name).model.graph);
  expect(compared.filter(({ known, told }) => told !== undefined && !isTrue(known, told))).toEqual([]);
});

test.each(Object.keys(NETWORK_EXPECTATIONS))('%s, of Keras 3: every reader tells the shape', (name) => {
  const { graph } = readNetwork(name).model;
  const outputs = new Set([...listGraphs(graph)].flatMap((each) => each.graph.outputs.map((ref) => ref.layer)));
  const compared = compare(graph).filter((each) => !outputs.has(each.name));
  expect(compared.length).toBeGreaterThan(20);
  expect(compared.filter(({ known, told }) => told === undefined || !isTrue(known, told))).toEqual([]);
});

/** The residual unit of the model builder, with a layer that nothing is known of behind its branch. */
async function readCustom(reader: LayerJson | undefined): Promise<Model> {
  const model = buildModel();
  const layers = layersOf(model);
  const end = reader === undefined ? 'custom' : 'c';
  layers.splice(4, 0, layer('Custom', 'custom', {}, ['b']));
  if (reader !== undefined) {
    const { config } = layerOf(model, 'b');
    layers.splice(5, 0, reader, layer('Conv2D', 'c', { ...config, name: 'c', use_bias: false }, [reader.name]));
    addWeight(model, 'c/kernel', [3, 3, 4, 4]);
  }
  layerOf(model, 'sum').inbound_nodes = [
    [
      ['stem', 0, 0, {}],
      [end, 0, 0, {}],
    ],
  ];
  return readModel(writeBuilt(join(folder, `${count++}`), model));
}

test.each([
  layer('Activation', 'between', { activation: 'relu' }, ['custom']),
  layer('MaxPooling2D', 'between', { pool_size: [1, 1] }, ['custom']),
  layer('ZeroPadding2D', 'between', { padding: [0, 0] }, ['custom']),
])('a kernel behind $class_name tells the channels', async (reader) => {
  const { sites } = planRetrofit(await readCustom(reader), { at: ['custom'] });
  expect(sites).toMatchObject([{ after: 'custom', channels: 4, spatialRank: 2, exactBy: 'consumers' }]);
});

test('a kernel behind layers that are not known either tells nothing', async () => {
  const between = layer('Custom', 'between', {}, ['custom']);
  const { skipped } = surveyRetrofit(await readCustom(between), { at: ['custom'] });
  expect(skipped).toMatchObject([{ layer: 'custom', reason: 'channels-unknown' }]);
});

test('an Add tells nothing: it broadcasts', async () => {
  const { sites, skipped } = surveyRetrofit(await readCustom(undefined));
  expect(sites).toEqual([]);
  expect(skipped).toMatchObject([{ layer: 'custom', reason: 'channels-unknown' }]);
});

// Keras 3 writes the shape beside each tensor, and does not look at it when it loads the model.

const tensor = (from: string, shape: Plain): Plain => ({
  class_name: '__keras_tensor__',
  config: { shape, dtype: 'float32', keras_history: [from, 0, 0] },
});

const conv = (name: string, from: string, shape: Plain, filters = 4): Plain => ({
  module: 'keras.layers',
  class_name: 'Conv2D',
  config: { name, trainable: true, filters, kernel_size: [3, 3], padding: 'same', use_bias: false },
  registered_name: null,
  build_config: { input_shape: shape },
  name,
  inbound_nodes: [{ args: [tensor(from, shape)], kwargs: {} }],
});

const MAP = [null, 8, 8, 4];

/** A residual unit whose branch ends in a custom layer; the Add says in two places what it was built for. */
function readUnit({ beside = MAP as Plain, built = MAP as Plain, extra = [] as readonly Plain[] }): Model {
  const { model } = readDialect('residual.keras3-zip');
  const add = {
    module: 'keras.layers',
    class_name: 'Add',
    config: { name: 'sum', trainable: true },
    registered_name: null,
    build_config: { input_shape: [MAP, built] },
    name: 'sum',
    inbound_nodes: [{ args: [[tensor('a', MAP), tensor('custom', beside)]], kwargs: {} }],
  };
  const custom = {
    module: 'mine',
    class_name: 'Custom',
    config: { name: 'custom' },
    registered_name: 'Custom',
    name: 'custom',
    inbound_nodes: [{ args: [tensor('c', MAP)], kwargs: {} }],
  };
  const image = {
    module: 'keras.layers',
    class_name: 'InputLayer',
    config: { batch_shape: [null, 8, 8, 3], dtype: 'float32', name: 'image' },
    registered_name: null,
    name: 'image',
    inbound_nodes: [],
  };
  const convolutions = [conv('a', 'image', [null, 8, 8, 3]), conv('b', 'a', MAP), conv('c', 'b', MAP)];
  const layers = [image, ...convolutions, custom, add, ...extra];
  const config = { name: 'net', layers, input_layers: [['image', 0, 0]], output_layers: [['sum', 0, 0]] };
  return { ...model, graph: raiseGraph(fromPlain({ class_name: 'Functional', config }), '') };
}

const siteOf = (model: Model) => {
  const { sites, skipped } = surveyRetrofit(model);
  const [site] = sites;
  return site === undefined ? skipped.find(({ layer: name }) => name === 'custom')!.reason : site.channels;
};

test.each<readonly [string, Parameters<typeof readUnit>[0], number | string]>([
  ['both say the same', {}, 4],
  ['one says nothing', { beside: [] }, 4],
  ['sizes are open in one', { beside: [null, null, null, 4], built: [null, 8, 8, null] }, 4],
  ['neither says anything', { beside: [], built: null }, 'channels-unknown'],
  ['the channels are open in both', { beside: [null, 8, 8, null], built: [null, 8, 8, null] }, 'channels-unknown'],
  ['they disagree', { built: [null, 8, 8, 5] }, 'channels-disagree'],
  ['they disagree on the dimensions', { built: [null, 8, 4] }, 'channels-disagree'],
  ['both differ from what is added', { beside: [null, 8, 8, 6], built: [null, 8, 8, 6] }, 'channels-disagree'],
  ['a size is no size', { beside: [null, 8, 8, -4], built: [null, 8, 8, 0.5] }, 'channels-unknown'],
  ['another reader disagrees', { extra: [conv('d', 'custom', [null, 8, 8, 6])] }, 'channels-disagree'],
  ['there are more channels than any module fits', { beside: [null, 8, 8, 2 ** 40], built: null }, 'too-many-channels'],
])('of the custom layer in a unit, %s', (_, spoilt, expected) => {
  expect(siteOf(readUnit(spoilt))).toBe(expected);
});
