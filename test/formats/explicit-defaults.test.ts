import { expect, test } from 'vitest';
import { withExplicitDefaults } from '../../src/formats/explicit-defaults.js';
import { fromPlain, isObject, type PlainObject, toPlain } from '../../src/json/json-value.js';
import type { Graph, Layer } from '../../src/model/model.js';

/** What becomes of a layer's config. */
function explicit(className: string, settings: PlainObject, source: 'tfjs' | 'keras2') {
  const config = fromPlain(settings);
  if (!isObject(config)) return expect.fail();
  const layer: Layer = { name: 'it', className, config, settings, calls: [], weights: [] };
  const graph: Graph = { name: 'net', kind: 'functional', layers: [layer], inputs: [], outputs: [], isFrozen: false };
  const [after] = withExplicitDefaults(graph, source).layers;
  expect(toPlain(after!.config)).toEqual(after!.settings);
  return { ...after!.settings };
}

test.each([
  [
    'ConvLSTM2D',
    {},
    { tfjs: { recurrent_activation: 'hard_sigmoid' }, keras2: { recurrent_activation: 'hard_sigmoid' } },
  ],
  ['LSTM', {}, { tfjs: { recurrent_activation: 'hard_sigmoid' }, keras2: { recurrent_activation: 'sigmoid' } }],
  [
    'GRU',
    {},
    {
      tfjs: { recurrent_activation: 'hard_sigmoid', reset_after: false },
      keras2: { recurrent_activation: 'sigmoid', reset_after: true },
    },
  ],
  [
    'LSTM',
    { recurrent_activation: null },
    { tfjs: { recurrent_activation: null }, keras2: { recurrent_activation: null } },
  ],
  ['SimpleRNN', { activation: null }, { tfjs: {}, keras2: { activation: null } }],
  ['Rescaling', { scale: 2 }, { tfjs: { scale: 2, offset: 0 }, keras2: { scale: 2, offset: 0 } }],
  ['Rescaling', { scale: 2, offset: 1 }, { tfjs: { scale: 2, offset: 1 }, keras2: { scale: 2, offset: 1 } }],
  ['Softmax', {}, { tfjs: { axis: 1 }, keras2: { axis: -1 } }],
  ['Softmax', { axis: null }, { tfjs: { axis: 1 }, keras2: { axis: null } }],
  ['Activation', {}, { tfjs: { activation: 'linear' }, keras2: {} }],
  [
    'Conv2D',
    { use_bias: null, activation: null },
    { tfjs: { activation: null }, keras2: { use_bias: null, activation: null } },
  ],
  ['OwnLayer', { what: null }, { tfjs: { what: null }, keras2: { what: null } }],
] as const)('%s %j', (className, settings, expected) => {
  for (const source of ['tfjs', 'keras2'] as const)
    expect(explicit(className, settings, source)).toEqual(expected[source]);
});

test('what a wrapper runs is made explicit too', () => {
  const wrapped = (config: PlainObject) => ({ layer: { class_name: 'LSTM', config } });
  expect(explicit('Bidirectional', wrapped({}), 'tfjs')).toEqual(wrapped({ recurrent_activation: 'hard_sigmoid' }));
  expect(explicit('Bidirectional', wrapped({}), 'keras2')).toEqual(wrapped({ recurrent_activation: 'sigmoid' }));
});
