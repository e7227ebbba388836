import { describe, expect, test } from 'vitest';
import { startBackend } from '../../src/runtime/start-backend.js';
import { tf } from '../support/tensorflow.js';

const [EXAMPLES, CHANNELS, SIDE] = [2, 3, 4] as const;
const shape: [number, number, number, number] = [EXAMPLES, CHANNELS, SIDE, SIDE];
const numbers = (length: number, seed: number) => Float32Array.from({ length }, (_, at) => Math.sin(at * 1.7 + seed));
const x = numbers(EXAMPLES * CHANNELS * SIDE * SIDE, 1);
const mean = numbers(CHANNELS, 2);
const variance = numbers(CHANNELS, 3).map(Math.abs);
const gamma = numbers(CHANNELS, 4);
const beta = numbers(CHANNELS, 5);

/** Channels first: the channel of a number is which plane it lies in. */
const expected = x.map((value, at) => {
  const channel = Math.floor(at / (SIDE * SIDE)) % CHANNELS;
  return ((value - mean[channel]!) / Math.sqrt(variance[channel]! + 0.001)) * gamma[channel]! + beta[channel]!;
});

const alongSecond = (values: Float32Array) => tf.tensor4d(values, [1, CHANNELS, 1, 1]);

async function expectClose(found: tf.Tensor, numbers: Float32Array): Promise<void> {
  const values = await found.data();
  expect(Math.max(...values.map((value, at) => Math.abs(value - numbers[at]!)))).toBeLessThan(1e-4);
}

describe.each(['wasm', 'cpu'] as const)('%s', (backend) => {
  test('normalises over the second axis, and over the last as before', async () => {
    await startBackend(backend);
    await startBackend(backend);
    const images = tf.tensor4d(x, shape);
    const [first, last] = [alongSecond, tf.tensor1d].map((along) => {
      const input = along === alongSecond ? images : (tf.transpose(images, [0, 2, 3, 1]) as tf.Tensor4D);
      const [center, spread, offset, scale] = [mean, variance, beta, gamma].map(
        (values) => along(values) as tf.Tensor1D,
      );
      return tf.batchNorm4d(input, center!, spread!, offset!, scale!, 0.001);
    });
    await expectClose(first!, expected);
    await expectClose(tf.transpose(last!, [0, 3, 1, 2]), expected);
  });

  test('without gamma and beta', async () => {
    await startBackend(backend);
    const found = tf.batchNorm4d(tf.tensor4d(x, shape), alongSecond(mean), alongSecond(variance));
    const plain = x.map((value, at) => {
      const channel = Math.floor(at / (SIDE * SIDE)) % CHANNELS;
      return (value - mean[channel]!) / Math.sqrt(variance[channel]! + 0.001);
    });
    await expectClose(found, plain);
  });
});
