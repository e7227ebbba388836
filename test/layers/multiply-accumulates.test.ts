import { describe, expect, test } from 'vitest';
import type { PlainObject } from '../../src/json/json-value.js';
import { factsOf } from '../../src/layers/known-layers.js';

// A transposed convolution multiplies every place of its input by its whole kernel, whatever becomes of the products.

interface Case {
  readonly className: string;
  readonly config: PlainObject;
  readonly input: readonly number[];
  readonly output: readonly number[];
  /** Counted by hand: places of the input, taps of the kernel, channels in, channels out. */
  readonly macs: number;
}

const CASES: readonly Case[] = [
  {
    className: 'Conv2DTranspose',
    config: { filters: 5, kernel_size: [3, 3], strides: [1, 1], padding: 'same' },
    input: [4, 6, 2],
    output: [4, 6, 5],
    macs: 24 * 9 * 2 * 5,
  },
  {
    className: 'Conv2DTranspose',
    config: { filters: 5, kernel_size: [3, 3], strides: [1, 1], padding: 'valid' },
    input: [4, 6, 2],
    output: [6, 8, 5],
    macs: 24 * 9 * 2 * 5,
  },
  {
    className: 'Conv2DTranspose',
    config: { filters: 5, kernel_size: [3, 2], strides: [2, 3], padding: 'same' },
    input: [4, 6, 2],
    output: [8, 18, 5],
    macs: 24 * 6 * 2 * 5,
  },
  {
    className: 'Conv2DTranspose',
    config: { filters: 5, kernel_size: [3, 2], strides: [2, 3], padding: 'valid' },
    input: [4, 6, 2],
    output: [9, 18, 5],
    macs: 24 * 6 * 2 * 5,
  },
  {
    className: 'Conv2DTranspose',
    config: { filters: 5, kernel_size: [3, 3], strides: [2, 2], padding: 'same', output_padding: [1, 0] },
    input: [4, 6, 2],
    output: [8, 11, 5],
    macs: 24 * 9 * 2 * 5,
  },
  {
    className: 'Conv2DTranspose',
    config: { filters: 5, kernel_size: [3, 3], strides: [2, 2], padding: 'valid', output_padding: [1, 1] },
    input: [4, 6, 2],
    output: [10, 14, 5],
    macs: 24 * 9 * 2 * 5,
  },
  {
    className: 'Conv2DTranspose',
    config: { filters: 5, kernel_size: [3, 3], strides: [2, 2], padding: 'same', data_format: 'channels_first' },
    input: [2, 4, 6],
    output: [5, 8, 12],
    macs: 24 * 9 * 2 * 5,
  },
  {
    className: 'Conv1DTranspose',
    config: { filters: 3, kernel_size: [4], strides: [2], padding: 'same' },
    input: [7, 2],
    output: [14, 3],
    macs: 7 * 4 * 2 * 3,
  },
  {
    className: 'Conv3DTranspose',
    config: { filters: 3, kernel_size: [2, 2, 2], strides: [2, 2, 2], padding: 'valid' },
    input: [2, 3, 4, 2],
    output: [4, 6, 8, 3],
    macs: 24 * 8 * 2 * 3,
  },
];

describe('multiply-accumulates of transposed convolutions', () => {
  test.each(CASES)('$className $config', ({ className, config, input, output, macs }) => {
    const facts = factsOf(className, config);
    const made = facts.outputShape?.(config, [[null, ...input]]);
    expect(made).toEqual([null, ...output]);
    expect(facts.macs?.(config, [null, ...input], made as readonly (number | null)[])).toBe(macs);
  });

  test('are not known where the size of the input is not', () => {
    const config = { filters: 5, kernel_size: [3, 3], strides: [2, 2], padding: 'same' };
    expect(factsOf('Conv2DTranspose', config).macs?.(config, [null, null, 6, 2], [null, null, 12, 5])).toBeNull();
  });
});
