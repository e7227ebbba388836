import { expect, test } from 'vitest';
import { withoutMasks } from '../../../src/formats/dialects/translate/drop-masks.js';
import { graphOf, type Json, refusal } from '../../support/keras-graphs.js';

// Masks that Keras 3 writes into calls. What real loaders make of the result: test/oracle/masks.

const WORDS = { className: 'Embedding', config: { input_dim: 4, output_dim: 5, mask_zero: true } };
const STEPS = { className: 'Masking', config: { mask_value: 2 } };
const notEqual = (tensor: string, value: number) => ({
  className: 'NotEqual',
  module: 'keras.src.ops.numpy',
  args: [tensor, value],
});
const any = (config: Json) => ({ className: 'Any', module: 'keras.src.ops.numpy', config, args: ['@ne'] });
const rnn = (tensor: string, mask?: string, className = 'LSTM') => ({
  className,
  config: { units: 3 },
  args: [tensor],
  kwargs: mask === undefined ? {} : { mask },
});

/** The layers that are left, with what they are called with. */
function left(...given: Parameters<typeof graphOf>) {
  const { layers } = withoutMasks(graphOf(...given), 'keras2');
  return layers.map(({ name, calls }) => [name, ...(calls[0]?.inputs.map(({ layer }) => layer) ?? [])]);
}

test('the mask of an Embedding, along the layers that pass it on', () => {
  const layers = {
    words: WORDS,
    drop: { className: 'Dropout' },
    ne: notEqual('@in', 0),
    out: rnn('@drop', '@ne'),
  };
  expect(left('keras3', [6], layers)).toEqual([['in'], ['words', 'in'], ['drop', 'words'], ['out', 'drop']]);
});

test('the mask of a Masking: steps of which any number is another', () => {
  const over = (config: Json, value: number) => ({
    steps: STEPS,
    ne: notEqual('@in', value),
    any: any(config),
    out: rnn('@steps', '@any'),
  });
  expect(left('keras3', [6, 3], over({ axis: -1, keepdims: false }, 2))).toEqual([
    ['in'],
    ['steps', 'in'],
    ['out', 'steps'],
  ]);
  for (const other of [
    over({ axis: -1, keepdims: false }, 0),
    over({ axis: -2, keepdims: false }, 2),
    over({ axis: -1, keepdims: true }, 2),
  ])
    expect(refusal(() => left('keras3', [6, 3], other))).toBe('out.inbound_nodes');
});

test.each([
  ['of other words', { words: WORDS, ne: notEqual('@in', 1), out: rnn('@words', '@ne') }],
  [
    'of another tensor',
    { other: WORDS, words: { ...WORDS, args: ['@in'] }, ne: notEqual('@other', 0), out: rnn('@words', '@ne') },
  ],
  [
    'behind what passes none on',
    { words: WORDS, conv: { className: 'Conv1D' }, ne: notEqual('@in', 0), out: rnn('@conv', '@ne') },
  ],
  ['that is taken away', { words: WORDS, ne: notEqual('@in', 0), mid: rnn('@words', '@ne'), out: rnn('@words') }],
  [
    'of which the loaders make different things',
    { words: WORDS, ne: notEqual('@in', 0), out: rnn('@words', '@ne', 'BatchNormalization') },
  ],
])('a mask %s is refused', (_, layers) => {
  expect(refusal(() => left('keras3', [6], layers))).toBe('out.inbound_nodes');
});

test('what is no mask stays', () => {
  const layers = { ne: notEqual('@in', 0), out: { className: 'Cast', module: 'keras.src.ops.core' } };
  expect(left('keras3', [6], layers)).toEqual([['in'], ['ne', 'in'], ['out', 'ne']]);
});
