import { describe, expect, test } from 'vitest';
import { lowerModel } from '../../../src/formats/dialects/lower-graph.js';
import { raiseGraph } from '../../../src/formats/dialects/raise-graph.js';
import { fromPlain, getMember, type JsonObject, type Plain, toPlain } from '../../../src/json/json-value.js';
import { type Call, type Graph, newLayer } from '../../../src/model/model.js';

// Calls of op layers: one level flatter than other layers', with tensors among their keyword arguments.

const layer = (
  className: string,
  name: string,
  calls: readonly Plain[],
  config: Record<string, Plain> = {},
): Plain => ({
  class_name: className,
  config: { name, ...config },
  name,
  inbound_nodes: calls,
});

const input = (name: string) => layer('InputLayer', name, [], { batch_input_shape: [null, 4], dtype: 'float32' });
const operation = (name: string, fn: string, call: Plain) => layer('TFOpLambda', name, [call], { function: fn });

const raise = (layers: readonly Plain[], end: string): Graph =>
  raiseGraph(
    fromPlain({
      class_name: 'Functional',
      config: { name: 'm', layers, input_layers: [['a', 0, 0]], output_layers: [[end, 0, 0]] },
    }),
    '',
  );

/** The graph as if a translation had made it: calls with more to them than tensors keep what was read. */
const unread = ({ read: _, ...graph }: Graph): Graph => ({
  ...graph,
  layers: graph.layers.map(({ entry: __, ...each }) => ({
    ...each,
    calls: each.calls.map(({ read, ...call }): Call => (call.hasArguments ? { ...call, read } : call)),
  })),
});

const callsIn = (graph: Graph, name: string): Plain => {
  const layers = toPlain(getMember(getMember(lowerModel(graph, { dialect: 'keras2' }), 'config'), 'layers')!);
  const found = (layers as readonly Record<string, Plain>[]).find((each) => each.name === name)!;
  return found.inbound_nodes!;
};

// As tf-keras 2.21 writes them.
const CALLS: readonly (readonly [name: string, fn: string, call: Plain])[] = [
  ['one tensor', 'nn.relu', ['a', 0, 0, { name: null }]],
  ['one tensor, nothing said', 'nn.relu', ['a', 0, 0, {}]],
  ['two tensors, one by keyword', 'math.multiply', ['a', 0, 0, { y: ['b', 0, 0], name: null }]],
  ['a constant by keyword', 'math.multiply', ['a', 0, 0, { y: 2.0, name: null }]],
  ['a constant first', 'math.multiply', ['_CONSTANT_VALUE', -1, 2.0, { y: ['a', 0, 0] }]],
  [
    'a list of tensors',
    'concat',
    [
      ['a', 0, 0, { axis: 1 }],
      ['b', 0, 0, { axis: 1 }],
    ],
  ],
];

describe.each(CALLS)('%s', (_, fn, call) => {
  const graph = raise([input('a'), layer('Dense', 'b', [[['a', 0, 0, {}]]]), operation('op', fn, call)], 'op');

  test('is written anew as it was', () => {
    const [written] = callsIn(unread(graph), 'op') as readonly Plain[];
    // A name that says nothing is left out.
    const said = JSON.stringify(call).replace('{"name":null}', '{}');
    expect(JSON.stringify(written).replace('{"name":null}', '{}')).toBe(said);
  });

  test('reads another tensor where one is put between', () => {
    const between = { ...newLayer('Dense', 'between', { name: 'between' }), calls: [{ inputs: [ref('a')] }] };
    const layers = graph.layers.flatMap((each) => {
      if (each.name !== 'op') return [each];
      const inputs = each.calls[0]!.inputs.map((tensor) => (tensor.layer === 'a' ? ref('between') : tensor));
      return [between, { ...each, calls: [{ ...each.calls[0]!, inputs }] }];
    });
    for (const changed of [{ ...graph, layers }, unread({ ...graph, layers })]) {
      const [written] = callsIn(changed, 'op') as readonly Plain[];
      expect(JSON.stringify(written)).toContain('["between",0,0');
      expect(JSON.stringify(written)).not.toContain('["a",0,0');
    }
  });
});

const ref = (name: string) => ({ layer: name, call: 0, tensor: 0 });

test.each([
  ['TFOpLambda', [['a', 0, 0, { training: false }]]],
  ['Dense', [[['a', 0, 0, { training: false }]]]],
] as const)('keyword arguments of a new call: %s', (className, expected) => {
  const keywords = fromPlain({ training: false }) as JsonObject;
  const made = newLayer(className, 'op', { name: 'op', function: 'nn.relu', units: 4 });
  const graph = unread(raise([input('a'), layer('Dense', 'b', [[['a', 0, 0, {}]]])], 'b'));
  const layers = [...graph.layers, { ...made, calls: [{ inputs: [ref('a')], keywords }] }];
  expect(callsIn({ ...graph, layers, outputs: [ref('op')] }, 'op')).toEqual(expected);
});
