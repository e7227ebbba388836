import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, describe, expect, test } from 'vitest';
import { startBackend } from '../../src/runtime/start-backend.js';

// The kernels that we put in the place of the wasm backend's own, against those of the cpu backend.

beforeAll(async () => {
  await startBackend('wasm');
});

type Compute = (x: tf.Tensor) => tf.Tensor;

async function onBoth(shape: number[], compute: Compute, dtype: 'float32' | 'int32' | 'bool' = 'float32') {
  const values = await tf.mul(tf.randomNormal(shape, 0, 1, 'float32', 7), dtype === 'float32' ? 1 : 50).data();
  const on = async (backend: string) => {
    await tf.setBackend(backend);
    const x = tf.tensor(values, shape);
    const found = compute(dtype === 'bool' ? tf.greater(x, 0) : tf.cast(x, dtype));
    return { shape: found.shape, dtype: found.dtype, values: [...(await found.data())] };
  };
  return { wasm: await on('wasm'), cpu: await on('cpu') };
}

const BIG = [3, 4, 5, 8];

describe('slices', () => {
  test.each([
    [BIG, [0, 0, 0, 0], [3, 4, 5, 8]],
    [BIG, [1, 0, 0, 0], [2, 4, 5, 8]],
    [BIG, [0, 1, 2, 0], [3, 2, 3, 8]],
    [BIG, [2, 3, 4, 0], [1, 1, 1, 8]],
    [BIG, [0, 1, 1, 3], [-1, -1, -1, -1]],
    [BIG, [0, 0, 0, 7], [3, 4, 5, 1]],
    [BIG, [0, 2, 0, 0], [3, 0, 5, 8]],
    [[40], [3], [20]],
    [
      [6, 20],
      [2, 4],
      [3, 9],
    ],
    [
      [2, 3, 2, 3, 9],
      [0, 1, 0, 1, 0],
      [2, 1, 2, 2, 9],
    ],
  ])('of %j from %j on, %j', async (shape, begin, size) => {
    for (const dtype of ['float32', 'int32', 'bool'] as const) {
      const { wasm, cpu } = await onBoth(shape, (x) => tf.slice(x, begin, size), dtype);
      expect(wasm).toEqual(cpu);
    }
  });

  test('beyond the end are refused', async () => {
    await tf.setBackend('wasm');
    expect(() => tf.slice(tf.zeros(BIG), [0, 0, 0, 0], [3, 4, 6, 8])).toThrow(/begin\[2\] \+ size\[2\]/);
  });
});

test.each([
  [
    [3, 1, 1, 5],
    [1, 4, 7, 1],
  ],
  [
    [1, 1, 1, 1],
    [2, 3, 4, 5],
  ],
  [[1], [9]],
  [
    [3, 1],
    [1, 6],
  ],
  [
    [1, 6],
    [4, 1],
  ],
  [
    [2, 3],
    [2, 2],
  ],
  [
    [3, 2, 1, 5],
    [1, 2, 2, 1],
  ],
  [
    [3, 1, 2, 1],
    [1, 2, 1, 3],
  ],
  [
    [2, 3],
    [1, 1],
  ],
])('%j repeated %j times', async (shape, times) => {
  for (const dtype of ['float32', 'int32', 'bool'] as const) {
    const { wasm, cpu } = await onBoth(shape, (x) => tf.tile(x, times), dtype);
    expect(wasm).toEqual(cpu);
  }
});

const REDUCTIONS: readonly (readonly [string, (x: tf.Tensor, axes: number[], keepDims: boolean) => tf.Tensor])[] = [
  ['sum', tf.sum],
  ['mean', tf.mean],
];

describe.each(REDUCTIONS)('%s', (_, reduce) => {
  test.each([
    [BIG, [0, 1, 2]],
    [BIG, [2, 1]],
    [BIG, [-3, -2]],
    [BIG, [0]],
    [BIG, [0, 2]],
    [BIG, [3]],
    [BIG, [0, 1, 2, 3]],
    [[7, 2], [0]],
    [[9, 1], [0]],
  ])('of %j over %j', async (shape, axes) => {
    for (const keepDims of [false, true]) {
      const { wasm, cpu } = await onBoth(shape, (x) => reduce(x, axes, keepDims));
      expect([wasm.shape, wasm.dtype]).toEqual([cpu.shape, cpu.dtype]);
      wasm.values.forEach((value, index) => {
        expect(value).toBeCloseTo(cpu.values[index]!, 5);
      });
    }
  });

  test('of whole numbers', async () => {
    const { wasm, cpu } = await onBoth(BIG, (x) => reduce(x, [0, 1], false), 'int32');
    expect(wasm.dtype).toBe(cpu.dtype);
    wasm.values.forEach((value, index) => {
      expect(value).toBeCloseTo(cpu.values[index]!, 4);
    });
  });
});
