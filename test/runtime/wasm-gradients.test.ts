import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, expect, test } from 'vitest';
import { startBackend } from '../../src/runtime/start-backend.js';

beforeAll(async () => {
  await startBackend('wasm');
});

const SIZES = [
  { height: 7, width: 6 },
  { height: 8, width: 5 },
] as const;
const FILTERS = [1, 2, 3, 5] as const;
const STRIDES = [1, 2, 3] as const;
const PADS = ['same', 'valid'] as const;

/** Every combination of sizes, and a filter that is not square. */
const CASES = SIZES.flatMap((size) =>
  FILTERS.flatMap((filter) =>
    STRIDES.flatMap((stride) =>
      PADS.map((pad) => ({ ...size, rows: filter, columns: filter === 3 ? 2 : filter, stride, pad })),
    ),
  ),
);

const CHANNELS = 4;

function random(shape: [number, number, number, number], seed: number): tf.Tensor4D {
  return tf.randomNormal<tf.Rank.R4>(shape, 0, 1, 'float32', seed);
}

/** Gradients of a weighted sum: they do not depend on the outputs, in which the wasm backend has mistakes of its own. */
async function gradients(
  backend: 'cpu' | 'wasm',
  apply: (x: tf.Tensor4D, filter: tf.Tensor4D) => tf.Tensor,
  x: tf.Tensor4D,
  filter: tf.Tensor4D,
): Promise<readonly Float32Array[]> {
  const values = [await x.data(), await filter.data()];
  await tf.setBackend(backend);
  const [ownX, ownFilter] = [tf.tensor(values[0]!, x.shape), tf.tensor(values[1]!, filter.shape)] as [
    tf.Tensor4D,
    tf.Tensor4D,
  ];
  const found = tf.grads((...[a, b]) => weightedSum(apply(a as tf.Tensor4D, b as tf.Tensor4D)))([ownX, ownFilter]);
  return Promise.all(found.map(async (gradient) => (await gradient.data()) as Float32Array));
}

const weightedSum = (y: tf.Tensor): tf.Scalar => tf.sum(tf.mul(y, tf.sin(tf.reshape(tf.range(0, y.size), y.shape))));

function expectClose(found: readonly Float32Array[], expected: readonly Float32Array[]): void {
  found.forEach((values, index) => {
    const largest = Math.max(...expected[index]!.map(Math.abs));
    const difference = Math.max(...values.map((value, at) => Math.abs(value - expected[index]![at]!)));
    expect(values.length).toBe(expected[index]!.length);
    expect(difference / largest).toBeLessThan(1e-5);
  });
}

test.each(CASES)(
  'a convolution: $height x $width, filter $rows x $columns, stride $stride, $pad',
  async ({ height, width, rows, columns, stride, pad }) => {
    const x = random([2, height, width, CHANNELS], 1);
    const filter = random([rows, columns, CHANNELS, 3], 2);
    const apply = (input: tf.Tensor4D, kernel: tf.Tensor4D) => tf.conv2d(input, kernel, stride, pad);
    expectClose(await gradients('wasm', apply, x, filter), await gradients('cpu', apply, x, filter));
  },
);

test.each(CASES.flatMap((shape) => [1, 2].map((multiplier) => ({ ...shape, multiplier }))))(
  'a depthwise convolution: $height x $width, filter $rows x $columns, stride $stride, $pad, multiplier $multiplier',
  async ({ height, width, rows, columns, stride, pad, multiplier }) => {
    const x = random([2, height, width, CHANNELS], 3);
    const filter = random([rows, columns, CHANNELS, multiplier], 4);
    const apply = (input: tf.Tensor4D, kernel: tf.Tensor4D) => tf.depthwiseConv2d(input, kernel, stride, pad);
    expectClose(await gradients('wasm', apply, x, filter), await gradients('cpu', apply, x, filter));
  },
);

test('a convolution with a padding of its own, wider than the filter needs', async () => {
  const [x, filter] = [random([1, 6, 6, CHANNELS], 5), random([3, 3, CHANNELS, 2], 6)];
  const dense = (input: tf.Tensor4D, kernel: tf.Tensor4D) => tf.conv2d(input, kernel, 2, 2, 'NHWC', 1, 'floor');
  expectClose(await gradients('wasm', dense, x, filter), await gradients('cpu', dense, x, filter));
});

test.each(CASES)(
  'a max pooling of numbers of both signs: $height x $width, window $rows x $columns, stride $stride, $pad',
  async ({ height, width, rows, columns, stride, pad }) => {
    const [x, other] = [random([2, height, width, CHANNELS], 7), random([2, height, width, CHANNELS], 8)];
    const pool = (input: tf.Tensor4D) => tf.maxPool(input, [rows, columns], stride, pad);
    const apply = (left: tf.Tensor4D, right: tf.Tensor4D) => tf.add(pool(left), pool(right));
    expectClose(await gradients('wasm', apply, x, other), await gradients('cpu', apply, x, other));
  },
);

test('nothing is left behind in memory', async () => {
  await tf.setBackend('wasm');
  const [x, filter] = [random([1, 6, 6, CHANNELS], 5), random([3, 3, CHANNELS, 2], 6)];
  const compute = () =>
    tf.tidy(() =>
      tf.grads((a, b) => tf.sum(tf.depthwiseConv2d(a as tf.Tensor4D, b as tf.Tensor4D, 2, 'same')))([x, filter]),
    );
  tf.dispose(compute());
  const before = tf.memory().numTensors;
  tf.dispose(compute());
  expect(tf.memory().numTensors).toBe(before);
});
