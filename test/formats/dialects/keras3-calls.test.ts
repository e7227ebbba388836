import { describe, expect, test } from 'vitest';
import { lowerGraph } from '../../../src/formats/dialects/lower-graph.js';
import { raiseGraph } from '../../../src/formats/dialects/raise-graph.js';
import { fromPlain, type Plain, toPlain } from '../../../src/json/json-value.js';
import { layerOrder } from '../../../src/model/layer-order.js';
import type { Graph } from '../../../src/model/model.js';

const tensor = (layer: string, node = 0, index = 0) => ({
  class_name: '__keras_tensor__',
  config: { shape: [null, 4], dtype: 'float32', keras_history: [layer, node, index] },
});
const call = (args: Plain, kwargs: Plain = {}) => ({ args, kwargs });
const layer = (className: string, name: string, calls: readonly Plain[], more: Record<string, Plain> = {}) => ({
  module: 'keras.layers',
  class_name: className,
  config: { name, trainable: true },
  registered_name: null,
  name,
  inbound_nodes: calls,
  ...more,
});
const input = (name: string) =>
  layer('InputLayer', name, [], { config: { batch_shape: [null, 4], dtype: 'float32', name } });

const raise = (layers: readonly Plain[], inputs: Plain, outputs: Plain): Graph =>
  raiseGraph(
    fromPlain({
      class_name: 'Functional',
      config: { name: 'm', layers, input_layers: inputs, output_layers: outputs },
    }),
    '',
  );
const callsOf = (graph: Graph, name: string) => graph.layers.find((each) => each.name === name)!.calls;
const names = (graph: Graph, name: string) => callsOf(graph, name).map(({ inputs }) => inputs.map((ref) => ref.layer));

describe('tensors come in the order in which Keras flattens a call', () => {
  const inputs = ['a', 'b', 'c', 'd', 'e'];
  const graph = raise(
    [
      ...inputs.map(input),
      layer('Thing', 't', [
        call([[tensor('c'), { z: tensor('b'), a: [tensor('a'), 2.5] }]], { value: tensor('e'), key: tensor('d') }),
      ]),
    ],
    inputs.map((name) => [name, 0, 0]),
    ['t', 0, 0],
  );

  test('arguments, then keyword arguments, keys sorted', () => {
    expect(names(graph, 't')).toEqual([['c', 'a', 'b', 'd', 'e']]);
  });

  test('tensors in slices and arrays are none of the graph', () => {
    const slice = { class_name: '__slice__', config: { start: tensor('nowhere'), stop: null, step: null } };
    const sliced = raise([input('a'), layer('Thing', 't', [call([tensor('a'), slice])])], ['a', 0, 0], ['t', 0, 0]);
    expect(names(sliced, 't')).toEqual([['a']]);
  });
});

test.each<readonly [string, Plain, true | undefined]>([
  ['one tensor', call([tensor('a')]), undefined],
  ['a list of tensors', call([[tensor('a'), tensor('a')]]), undefined],
  ['a keyword that says nothing', call([tensor('a')], { mask: null }), undefined],
  ['a keyword', call([tensor('a')], { training: false }), true],
  ['a tensor by keyword', call([tensor('a')], { value: tensor('a') }), true],
  ['a constant', call([tensor('a'), 2.0]), true],
  ['a structure', call([{ x: tensor('a') }]), true],
  ['a list of Keras 2', [['a', 0, 0, {}]], undefined],
  ['a list of Keras 2 with a keyword', [['a', 0, 0, { training: false }]], true],
])('%s: whether a call has arguments', (_, written, hasArguments) => {
  const graph = raise([input('a'), layer('Thing', 't', [call([tensor('a')]), written])], ['a', 0, 0], ['t', 1, 0]);
  expect(callsOf(graph, 't')[1]!.hasArguments).toBe(hasArguments);
});

test('calls of both kinds stand side by side and keep their kind when they change', () => {
  const graph = raise(
    [
      input('a'),
      layer('Dense', 'd', [call([tensor('a')])]),
      layer('ReLU', 'r', [[['d', 0, 0, { note: [1, 2, 3] }]]]),
      layer('Add', 'sum', [call([[tensor('r'), tensor('d')]])]),
    ],
    ['a', 0, 0],
    ['sum', 0, 0],
  );
  expect(graph.read!.dialect).toBe('keras3');
  const a = { layer: 'a', call: 0, tensor: 0 };
  const layers = graph.layers.map((each) => ({
    ...each,
    calls: each.calls.map((made) => ({ ...made, inputs: made.inputs.map((ref) => (ref.layer === 'd' ? a : ref)) })),
  }));
  const { config } = lowerGraph({ ...graph, layers });
  const written = toPlain(config) as unknown as { layers: readonly { inbound_nodes: Plain }[] };
  expect(written.layers[2]!.inbound_nodes).toEqual([[['a', 0, 0, { note: [1, 2, 3] }]]]);
  expect(written.layers[3]!.inbound_nodes).toEqual([call([[tensor('r'), tensor('a')]])]);
});

test('the operation Multiply is not the layer, and no layer of the model', () => {
  const graph = raise(
    [
      input('a'),
      layer('Multiply', 'm', [call([tensor('a'), 2.0])], {
        module: 'keras.src.ops.numpy',
        config: { name: 'm' },
        registered_name: 'Multiply',
      }),
      layer('Multiply', 'n', [call([[tensor('m'), tensor('a')]])]),
    ],
    ['a', 0, 0],
    ['n', 0, 0],
  );
  expect(graph.layers.map(({ className, isOperation }) => [className, isOperation])).toEqual([
    ['InputLayer', undefined],
    ['keras.src.ops.numpy.Multiply', true],
    ['Multiply', undefined],
  ]);
  expect(layerOrder(graph).map(({ name }) => name)).toEqual(['a', 'n']);
});

test.each<readonly [string, Plain, string]>([
  ['a class that is registered', { module: null, registered_name: 'mine>Dense' }, 'mine>Dense'],
  ['one that is not', { module: null, registered_name: 'Dense' }, 'custom.Dense'],
  ['one of a module', { module: 'mine.layers', registered_name: null }, 'mine.layers.Dense'],
  ['one of Keras', { module: 'keras.layers', registered_name: null }, 'Dense'],
  ['one of tf-keras', { module: 'tf_keras.src.layers', registered_name: 'Dense' }, 'Dense'],
])('%s has its name', (_, names_, className) => {
  const more = names_ as Record<string, Plain>;
  const graph = raise([input('a'), layer('Dense', 'd', [call([tensor('a')])], more)], ['a', 0, 0], ['d', 0, 0]);
  expect(graph.layers[1]!.className).toBe(className);
});

test.each<readonly [string, Plain]>([
  ['a layer that is not there', call([tensor('nowhere')])],
  ['a tensor without a history', call([{ class_name: '__keras_tensor__', config: {} }])],
  ['a number for a node that is none', call([tensor('a', -1)])],
])('%s is refused', (_, written) => {
  expect(() => raise([input('a'), layer('Dense', 'd', [written])], ['a', 0, 0], ['d', 0, 0])).toThrow(
    expect.objectContaining({ code: 'bad-graph' }),
  );
});
