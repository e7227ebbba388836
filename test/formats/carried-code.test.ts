import { describe, expect, test } from 'vitest';
import { listWarnings } from '../../src/formats/carried-code.js';
import { fromPlain, type JsonObject, type PlainObject } from '../../src/json/json-value.js';
import { type Graph, newLayer } from '../../src/model/model.js';
import { MODEL_NAMES, readFixture, readTopology, TOPOLOGY_EXPECTATIONS } from '../support/fixtures.js';

/** The messages for a graph of one layer. */
function messagesOf(entry: PlainObject & { class_name: string; config: PlainObject }): readonly string[] {
  const layer = { ...newLayer(entry.class_name, 'x', entry.config), entry: fromPlain(entry) as JsonObject };
  const graph: Graph = {
    name: 'model',
    kind: 'functional',
    layers: [layer],
    inputs: [],
    outputs: [],
    isFrozen: false,
    read: {
      dialect: 'keras2',
      className: 'Functional',
      config: fromPlain({}),
      entry: layer.entry,
      layers: [layer],
      outputs: [],
    },
  };
  return listWarnings(graph).map(({ message }) => message);
}

describe('what Keras and TensorFlow.js ship is no code', () => {
  test.each(MODEL_NAMES)('%s', async (name) => {
    const { warnings } = await readFixture(name);
    expect(warnings.filter(({ code }) => code === 'carried-code')).toEqual([]);
  });

  test.each(Object.keys(TOPOLOGY_EXPECTATIONS))('%s', (name) => {
    const messages = listWarnings(readTopology(name).graph).map(({ message }) => message);
    // keras.applications keeps these two where load_model does not look for them.
    expect(messages.filter((message) => !/"(LayerScale|StochasticDepth)"/.test(message))).toEqual([]);
  });

  const builtIn = { module: 'keras', registered_name: null };
  const policy = { ...builtIn, class_name: 'DTypePolicy', config: { name: 'mixed_float16' } };
  const tensor = { class_name: '__keras_tensor__', config: { shape: [null, 4], keras_history: ['x', 0, 0] } };

  test.each<[name: string, entry: Parameters<typeof messagesOf>[0]]>([
    ['an operation', { module: 'keras.src.ops.numpy', class_name: 'GetItem', config: { name: 'x' } }],
    [
      'a dtype policy',
      { ...builtIn, class_name: 'Dense', config: { units: 4, dtype: policy, activation: 'tanh_shrink' } },
    ],
    [
      'tensors in a call',
      { ...builtIn, class_name: 'Add', config: {}, inbound_nodes: [{ args: [[tensor]], kwargs: {} }] },
    ],
    ['short names', { class_name: 'Dense', config: { kernel_initializer: 'he_normal', kernel_regularizer: 'l1_l2' } }],
    ['old names', { class_name: 'Dense', config: { kernel_initializer: { class_name: 'HeNormalV2', config: {} } } }],
    [
      'a function by its name',
      { class_name: 'Dense', config: { activation: { module: 'builtins', class_name: 'function', config: 'relu' } } },
    ],
    [
      'a layer as an activation',
      { class_name: 'Dense', config: { activation: { ...builtIn, class_name: 'LeakyReLU', config: {} } } },
    ],
    ['cells', { class_name: 'RNN', config: { cell: { class_name: 'LSTMCell', config: { activation: 'tanh' } } } }],
  ])('%s', (_, entry) => {
    expect(messagesOf(entry)).toEqual([]);
  });

  test('an operation of another module', () => {
    expect(messagesOf({ module: 'our.ops', class_name: 'GetItem', config: {} })).toHaveLength(1);
  });
});
