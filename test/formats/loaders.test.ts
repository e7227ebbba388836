import { expect, test } from 'vitest';
import { LOADERS } from '../../src/format-names.js';
import { classBlocker } from '../../src/formats/verdict/class-blocker.js';
import { findForgotten } from '../../src/formats/verdict/find-forgotten.js';
import { findUntrusted } from '../../src/formats/verdict/find-untrusted.js';
import { listLoaders } from '../../src/formats/verdict/loaders.js';
import type { PlainObject } from '../../src/json/json-value.js';
import { type Graph, newLayer } from '../../src/model/model.js';
import {
  containerOf,
  DIALECT_EXPECTATIONS,
  DIALECT_NAMES,
  dialectText,
  readDialect,
  readText,
} from '../support/dialects.js';
import { expectedOf, MODEL_NAMES, readFixture, readTopology, TOPOLOGY_EXPECTATIONS } from '../support/fixtures.js';

// The oracle is what real TensorFlow.js, tf-keras and Keras 3 said when the fixtures were made.
test.each(MODEL_NAMES)('%s loads where it really loads', async (name) => {
  const { loads } = expectedOf(name);
  const verdicts = listLoaders((await readFixture(name)).graph);
  expect(Object.fromEntries(verdicts.map(({ loader, ok }) => [loader, ok]))).toEqual({
    tfjs: loads.tfjs.ok,
    keras2: loads.keras2.ok,
    keras3: loads.keras3Legacy.ok,
  });
  for (const { ok, blockedBy } of verdicts) expect(blockedBy === null).toBe(ok);
});

// A class of one's own that a legacy file calls "Dense" looks like Dense to everybody.
test.each(DIALECT_NAMES.filter((name) => !/^custom\..*h5/.test(name)))('%s loads where it really loads', (name) => {
  const { loads } = DIALECT_EXPECTATIONS[name]!;
  const container = containerOf(name);
  const verdicts = listLoaders(readDialect(name).model.graph, container);
  expect(Object.fromEntries(verdicts.map(({ loader, ok }) => [loader, ok]))).toMatchObject({
    keras2: loads.keras2.ok,
    keras3: loads[container === 'keras-h5' ? 'keras3Legacy' : 'keras3'].ok,
  });
});

test.each(Object.keys(TOPOLOGY_EXPECTATIONS))('%s loads where it really loads', (name) => {
  const { loads } = TOPOLOGY_EXPECTATIONS[name]!;
  const verdicts = Object.fromEntries(listLoaders(readTopology(name).graph).map(({ loader, ok }) => [loader, ok]));
  expect(verdicts.keras2).toBe(loads.keras2.ok);
  expect(verdicts.keras3).toBe(loads.keras3Legacy.ok);
});

// Real Keras 2 and 3: KeyError 'inbound_nodes'.
test.each(DIALECT_NAMES.filter((name) => /^residual.*-(?:zip|h5)$/.test(name)))(
  '%s loads nowhere where an input has no inbound_nodes',
  (name) => {
    const model = JSON.parse(dialectText(name));
    const input = model.config.layers[0];
    expect(input.class_name).toBe('InputLayer');
    delete input.inbound_nodes;
    const verdicts = listLoaders(
      readText(JSON.stringify(model), name, containerOf(name)).model.graph,
      containerOf(name),
    );
    expect(verdicts.map(({ ok }) => ok)).toEqual([false, false, false]);
    const own = verdicts.find(({ loader }) => name.includes(loader))!;
    expect(own.blockedBy).toMatchObject({ layer: input.config.name, field: 'inbound_nodes', reason: 'is missing' });
  },
);

// Keras 3.0 to 3.3 wrote the longer name; real Keras 3.15 reads both.
test.each([
  ['Orthogonal', ['tfjs', 'keras2', 'keras3']],
  ['OrthogonalInitializer', ['keras3']],
])('the initializer %s loads in %j', (name, loads) => {
  const config = { units: 3, kernel_initializer: { class_name: name, config: { gain: 1, seed: null } } };
  const judge = { hasModule: true, isLegacy: false };
  expect(LOADERS.filter((loader) => classBlocker('Dense', config, { ...judge, loader }) === undefined)).toEqual(loads);
});

const graphOf = (className: string, config: PlainObject): Graph => ({
  name: 'model',
  kind: 'functional',
  layers: [newLayer(className, 'x', config)],
  inputs: [],
  outputs: [],
  isFrozen: false,
});

// The fields of their `from_config` in Keras 3.15.
test.each<[className: string, config: PlainObject, field: string, reason: string]>([
  ['Lambda', { function: { class_name: '__lambda__', config: {} } }, 'function', 'contains Python code'],
  ['Lambda', { function: 'f', output_shape_type: 'lambda' }, 'output_shape', 'contains Python code'],
  ['TFSMLayer', { filepath: 'saved' }, 'filepath', 'names a SavedModel'],
  ['TorchModuleWrapper', { module: 'UEsD' }, 'module', 'holds a pickled PyTorch module'],
])('%s with %j wants trust', (className, config, field, reason) => {
  expect(findUntrusted(graphOf(className, config), 'keras3', 'keras-zip')).toEqual({
    layer: 'x',
    field,
    reason: `${reason}, which it loads only with safe_mode=False`,
  });
});

test('statistics inside another layer are forgotten where its record says so', () => {
  const inside = (config: PlainObject) =>
    graphOf('TimeDistributed', { layer: { class_name: 'Normalization', config, module: 'keras.layers' } });
  expect(findForgotten(inside({ axis: -1, mean: null }), 'keras3', 'legacy-hdf5')).toMatchObject({
    field: 'mean',
    reason: expect.stringMatching(/^is read from an .h5 and not used by Keras 3, .* inside another model or layer$/),
  });
  expect(findForgotten(inside({ axis: -1, mean: 1 }), 'keras3', 'legacy-hdf5')).toBeUndefined();
});
