import { describe, expect, test } from 'vitest';
import type { PlainObject } from '../../src/json/json-value.js';
import { factsOf } from '../../src/layers/known-layers.js';
import type { Shape } from '../../src/layers/layer-facts.js';
import { distributed } from '../../src/layers/wrappers.js';

// Names are TensorFlow.js 4.22's. Shapes, order and places are what tf-keras 2.21 and Keras 3.15 both put into a
// `.weights.h5`.

const wrapped = (class_name: string, config: PlainObject): PlainObject => ({ class_name, config });
const lstm = { name: 'ls', units: 3 };
const cell = (...shapes: readonly Shape[]) =>
  ['kernel', 'recurrent_kernel', 'bias']
    .slice(0, shapes.length)
    .map((name, index) => [name, shapes[index], `cell/vars/${index}`]);
const at = (group: string, prefix: string, rows: readonly (readonly unknown[])[]) =>
  rows.map(([name, shape, path]) => [`${prefix}${name}`, shape, `${group}/${path}`]);

const LSTM = cell([2, 12], [3, 12], [12]);

test.each<[string, PlainObject, Shape, readonly (readonly unknown[])[]]>([
  ['LSTM', { units: 3 }, [null, 5, 2], LSTM],
  ['LSTM', { units: 3, use_bias: false }, [null, 5, 2], cell([2, 12], [3, 12])],
  ['GRU', { units: 3, reset_after: true }, [null, 5, 2], cell([2, 9], [3, 9], [2, 9])],
  ['GRU', { units: 3, reset_after: false }, [null, 5, 2], cell([2, 9], [3, 9], [9])],
  ['SimpleRNN', { units: 3 }, [null, 5, 2], cell([2, 3], [3, 3], [3])],
  ['ConvLSTM1D', { filters: 3, kernel_size: [2] }, [null, 4, 6, 2], cell([2, 2, 12], [2, 3, 12], [12])],
  ['ConvLSTM2D', { filters: 3, kernel_size: [2, 2] }, [null, 4, 6, 6, 2], cell([2, 2, 2, 12], [2, 2, 3, 12], [12])],
  [
    'Bidirectional',
    { layer: wrapped('LSTM', lstm) },
    [null, 5, 2],
    [...at('forward_layer', 'forward_ls/', LSTM), ...at('backward_layer', 'backward_ls/', LSTM)],
  ],
  [
    'EinsumDense',
    { bias_axes: 'd' },
    [null, 5, 2],
    [
      ['kernel', undefined, undefined],
      ['bias', undefined, undefined],
    ],
  ],
  ['Embedding', { input_dim: 10, output_dim: 3 }, [null, 5], [['embeddings', [10, 3], undefined]]],
  [
    'Normalization',
    { axis: [-1], mean: null, variance: null },
    [null, 5, 2],
    [
      ['mean', [2], undefined],
      ['variance', [2], undefined],
      ['count', [], undefined],
    ],
  ],
  ['Normalization', { axis: [-1], mean: [0, 0], variance: [1, 1] }, [null, 5, 2], []],
])('%s %j', (className, config, input, expected) => {
  const facts = factsOf(className, config).weights?.(config, [input]);
  expect(facts?.map(({ name, shape, path }) => [name, shape, path])).toEqual(expected);
});

test('of a wrapped layer that is not known nothing is known', () => {
  const config = { layer: wrapped('SomebodysLayer', { name: 's' }) };
  expect(factsOf('Bidirectional', config).weights?.(config, [])).toBeUndefined();
  expect(distributed(factsOf('SomebodysLayer', {})).weights).toBeUndefined();
});

describe('the facts of a layer in a TimeDistributed are its own, for every step', () => {
  const conv = { filters: 4, kernel_size: [3, 3], padding: 'same', data_format: 'channels_first' };
  const facts = distributed(factsOf('Conv2D', conv));
  const [input, output] = [
    [null, 5, 3, 8, 8],
    [null, 5, 4, 8, 8],
  ] as const;

  test('weights lie in a group of the layer', () => {
    expect(facts.weights?.(conv, [input])?.map(({ name, shape, path }) => [name, shape, path])).toEqual([
      ['kernel', [3, 3, 3, 4], 'layer/vars/0'],
      ['bias', [4], 'layer/vars/1'],
    ]);
  });

  test('shapes have the steps behind the batch', () => {
    expect(facts.outputShape?.(conv, [input])).toEqual(output);
    expect(distributed(facts).outputShape?.(conv, [[null, 2, 5, 3, 8, 8]])).toEqual([null, 2, 5, 4, 8, 8]);
    expect(facts.inputClue?.(conv, () => [3, 3, 3, 4])).toEqual({ rank: 5, size: { axis: 2, size: 3 } });
  });

  test('multiply-accumulates are those of all steps, if it is known how many there are', () => {
    expect(facts.macs?.(conv, input, output)).toBe(5 * 8 * 8 * 3 * 3 * 3 * 4);
    expect(facts.macs?.(conv, [null, null, 3, 8, 8], [null, null, 4, 8, 8])).toBeNull();
  });
});

test.each<[string, PlainObject, Shape, Shape]>([
  ['LSTM', { units: 3 }, [null, 5, 2], [null, 3]],
  ['LSTM', { units: 3, return_sequences: true }, [null, 5, 2], [null, 5, 3]],
  ['Bidirectional', { layer: wrapped('LSTM', lstm) }, [null, 5, 2], [null, 6]],
  ['Bidirectional', { layer: wrapped('LSTM', lstm), merge_mode: 'sum' }, [null, 5, 2], [null, 3]],
  ['Bidirectional', { layer: wrapped('LSTM', lstm), merge_mode: null }, [null, 5, 2], [null, 3]],
])('%s %j makes the right shape', (className, config, input, expected) => {
  expect(factsOf(className, config).outputShape?.(config, [input])).toEqual(expected);
});
