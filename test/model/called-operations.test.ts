import { expect, test } from 'vitest';
import { raiseGraph } from '../../src/formats/dialects/raise-graph.js';
import { fromPlain, type Plain } from '../../src/json/json-value.js';
import type { Shape } from '../../src/layers/layer-facts.js';
import { factsOfLayer } from '../../src/model/facts-of-layer.js';
import { resolveGraph } from '../../src/model/graph-nodes.js';
import { inferShapes } from '../../src/model/shapes.js';
import { findConcatenations } from '../../src/stages/concatenations.js';
import { viewGraph } from '../../src/stages/graph-view.js';

// What an operation does may stand in its call alone: as TensorFlow 2.4 writes TFOpLambda, and 2.3 a node of its graph.

const layer = (
  className: string,
  name: string,
  call: Plain | undefined,
  config: Record<string, Plain> = {},
): Plain => ({
  class_name: className,
  config: { name, ...config },
  name,
  inbound_nodes: call === undefined ? [] : [call],
});

const convolution = (name: string, filters: number): Plain =>
  layer('Conv2D', name, [['image', 0, 0, {}]], { filters, kernel_size: [1, 1], strides: [1, 1], padding: 'same' });

/** Two convolutions of one image, with 4 and 6 channels, and what is made of them. */
const raise = (operation: Plain) =>
  raiseGraph(
    fromPlain({
      class_name: 'Functional',
      config: {
        name: 'm',
        layers: [
          layer('InputLayer', 'image', undefined, { batch_input_shape: [null, 8, 8, 3], dtype: 'float32' }),
          convolution('a', 4),
          convolution('b', 6),
          operation,
        ],
        input_layers: [['image', 0, 0]],
        output_layers: [['end', 0, 0]],
      },
    }),
    '',
  );

const called = (fn: string, call: Plain): Plain => layer('TFOpLambda', 'end', call, { function: fn });
const node = (op: string, constants: Record<string, Plain>, tensors: readonly string[], attr: Plain = {}): Plain =>
  layer(
    'TensorFlowOpLayer',
    'end',
    tensors.map((name) => [name, 0, 0, {}]),
    { node_def: { op, name: 'end', attr }, constants },
  );
const both = (options: Plain): Plain => [
  ['a', 0, 0, options],
  ['b', 0, 0, options],
];

const CASES: readonly (readonly [string, Plain, Shape | undefined, role?: string])[] = [
  ['concat', called('concat', both({ axis: -1 })), [null, 8, 8, 10], 'concatenate'],
  ['concat', called('concat', both({ axis: 3, name: 'joined' })), [null, 8, 8, 10], 'concatenate'],
  [
    'concat, along an axis that the call computes',
    called('concat', both({ axis: ['a', 0, 0] })),
    undefined,
    'concatenate',
  ],
  [
    'reduce_mean over places',
    called('math.reduce_mean', ['a', 0, 0, { axis: [1, 2], keepdims: true }]),
    [null, 1, 1, 4],
    'global-pool',
  ],
  [
    'reduce_mean over channels',
    called('math.reduce_mean', ['a', 0, 0, { axis: -1, keepdims: true }]),
    [null, 8, 8, 1],
    'other',
  ],
  ['expand_dims', called('expand_dims', ['a', 0, 0, { axis: 1 }]), [null, 1, 8, 8, 4]],
  ['transpose', called('transpose', ['a', 0, 0, { perm: [0, 3, 1, 2], conjugate: false }]), [null, 4, 8, 8]],
  ['reshape', called('reshape', ['a', 0, 0, { shape: [-1, 64, 4] }]), [null, 64, 4]],
  ['a size that is none', called('reshape', ['a', 0, 0, { shape: [-1, 0.5] }]), undefined],
  ['an argument that is not known', called('squeeze', ['a', 0, 0, { axis: 1, squeeze_dims: [1] }]), undefined],
  [
    'add_n',
    called('math.add_n', [
      ['a', 0, 0, {}],
      ['a', 0, 0, {}],
    ]),
    [null, 8, 8, 4],
    'add',
  ],
  ['a number beside', called('math.multiply', ['a', 0, 0, { y: 0.5 }]), [null, 8, 8, 4], 'multiply'],
  ['node ConcatV2', node('ConcatV2', { 2: -1 }, ['a', 'b']), [null, 8, 8, 10], 'concatenate'],
  ['node Mean', node('Mean', { 1: [1, 2] }, ['a'], { keep_dims: { b: true } }), [null, 1, 1, 4], 'global-pool'],
  ['node Mul', node('Mul', { 1: 0.5 }, ['a']), [null, 8, 8, 4]],
  ['node BiasAdd', node('BiasAdd', { 1: [1, 2, 3, 4] }, ['a']), [null, 8, 8, 4]],
  ['node AddN', node('AddN', {}, ['a', 'a']), [null, 8, 8, 4], 'add'],
];

for (const [name, operation, shape, role] of CASES)
  test(name, () => {
    const graph = raise(operation);
    const end = resolveGraph(graph).nodes.find(({ layer: { name } }) => name === 'end')!;
    expect(inferShapes(graph)[end.id]?.[0]).toEqual(shape);
    if (role !== undefined) expect(factsOfLayer(end.layer).role).toBe(role);
  });

test.each([
  ['channels', -1, 1],
  ['rows', 1, 0],
])('a concat of %s', (_name, axis, modules) => {
  for (const operation of [called('concat', both({ axis })), node('ConcatV2', { 2: axis }, ['a', 'b'])])
    expect(findConcatenations(viewGraph(raise(operation))).joining).toHaveLength(modules);
});

test('a pooling of TensorFlow halves the map, as the layer does', () => {
  const pooled = (options: Plain) => {
    const graph = raise(called('nn.max_pool2d', [['a', 0, 0, options]]));
    const end = graph.layers.at(-1)!;
    const { nodes } = resolveGraph(graph);
    const facts = viewGraph(graph).facts[nodes.at(-1)!.id]!;
    return [facts.role, inferShapes(graph).at(-1)?.[0], facts.resolution?.(end.settings)];
  };
  const ends = { strides: [1, 2, 2, 1], padding: 'SAME', name: null };
  expect(pooled({ ksize: 2, ...ends })).toEqual(['pool', [null, 4, 4, 4], [2, 2]]);
  expect(pooled({ ksize: [3, 1], strides: 1, padding: 'VALID' })).toEqual(['pool', [null, 6, 8, 4], [1, 1]]);
  // Channels first, or a window that goes over them, is something else.
  expect(pooled({ ksize: 2, ...ends, data_format: 'NCHW' })[1]).toBeUndefined();
  expect(pooled({ ksize: [1, 2, 2, 2], ...ends })[1]).toBeUndefined();
});
