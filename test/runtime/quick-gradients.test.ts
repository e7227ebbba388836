import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { isNative } from '../../src/runtime/native-operations.js';
import { startBackend } from '../../src/runtime/start-backend.js';
import { useNative } from '../support/native.js';
import { tf } from '../support/tensorflow.js';

// Gradients that were put in the place of TensorFlow.js' own, against what they are by the book.

const native = useNative();

beforeAll(async () => {
  await startBackend('wasm');
  await startBackend('cpu');
  if ('folder' in native) await startBackend('tfjs-node-gpu');
});

const BACKENDS = ['cpu', 'wasm', ...('folder' in native ? ['tensorflow'] : [])];
const SHAPE = [2, 5, 4, 3];
const SIZE = 120;
const VALUES = Float32Array.from({ length: SIZE }, (_, index) => 8 * Math.sin(index * 1.7));
const WEIGHTS = Float32Array.from({ length: SIZE }, (_, index) => Math.cos(index * 0.9));

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

describe.each(BACKENDS)('on %s', (backend) => {
  test.each([
    ['relu', tf.relu, (x: number) => (x > 0 ? 1 : 0)],
    ['relu6', tf.relu6, (x: number) => (x > 0 && x < 6 ? 1 : 0)],
    ['sigmoid', tf.sigmoid, (x: number) => sigmoid(x) * (1 - sigmoid(x))],
    ['tanh', tf.tanh, (x: number) => 1 - Math.tanh(x) ** 2],
    ['swish', (x: tf.Tensor) => tf.mul(x, tf.sigmoid(x)), (x: number) => sigmoid(x) * (1 + x * (1 - sigmoid(x)))],
  ] as const)('%s', async (_, apply, slope) => {
    await tf.setBackend(backend);
    expect(isNative(tf)).toBe(backend === 'tensorflow');
    const [x, weights] = [tf.tensor(VALUES, SHAPE), tf.tensor(WEIGHTS, SHAPE)];
    const found = tf
      .grad((input) => tf.sum(tf.mul(weights, apply(input))))(x)
      .dataSync();
    for (const [index, value] of found.entries()) expect(value).toBeCloseTo(WEIGHTS[index]! * slope(VALUES[index]!), 5);
  });

  test.each([
    ['all', undefined, false],
    ['height and width', [1, 2], false],
    ['the last, kept', [-1], true],
    ['none', [], false],
  ] as const)('sums and means over %s', async (_, axes, keeps) => {
    await tf.setBackend(backend);
    const x = tf.tensor(VALUES, SHAPE);
    for (const reduce of [tf.sum, tf.mean]) {
      const axis = axes === undefined ? undefined : [...axes];
      const reduced = reduce(x, axis, keeps);
      const weights = tf.tensor(WEIGHTS.slice(0, reduced.size), reduced.shape);
      const found = tf
        .grad((input) => tf.sum(tf.mul(weights, reduce(input, axis, keeps))))(x)
        .dataSync();
      const shape = SHAPE.map((size, at) =>
        axes === undefined || axes.some((each: number) => (each + 4) % 4 === at) ? 1 : size,
      );
      const divisor = reduce === tf.sum ? 1 : SIZE / reduced.size;
      const expected = tf.add(tf.zeros(SHAPE), tf.div(tf.reshape(weights, shape), divisor)).dataSync();
      for (const [index, value] of found.entries()) expect(value).toBeCloseTo(expected[index]!, 5);
    }
  });

  test('filters of 1x1 with strides, odd batches', async () => {
    for (const [height, stride, images] of [
      [7, 2, 3],
      [8, 2, 1],
      [9, 3, 5],
      [6, 1, 3],
    ] as const) {
      for (const pad of ['same', 'valid'] as const) {
        const inputs = Array.from({ length: images * height * height * 4 }, (_, index) => Math.sin(index));
        const gradientOn = async (name: string) => {
          await tf.setBackend(name);
          const x = tf.tensor4d(inputs, [images, height, height, 4]);
          const filter = tf.tensor4d(VALUES.slice(0, 24), [1, 1, 4, 6]);
          const convolve = (kernel: tf.Tensor4D) => tf.conv2d(x, kernel, stride, pad);
          return tf
            .grad((kernel) => tf.sum(tf.square(convolve(kernel as tf.Tensor4D))))(filter)
            .dataSync();
        };
        const [expected, found] = [await gradientOn('cpu'), await gradientOn(backend)];
        const largest = Math.max(...expected.map(Math.abs));
        for (const [index, value] of found.entries())
          expect(Math.abs(value - expected[index]!) / largest).toBeLessThan(1e-5);
      }
    }
  });
});

describe.skipIf('reason' in native)('natively', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  // The package of the backend registers gradients of its own as it is loaded, which are not to be the last.
  test.each([
    ['ReluGrad', tf.relu],
    ['Relu6Grad', tf.relu6],
    ['SigmoidGrad', tf.sigmoid],
    ['TanhGrad', tf.tanh],
  ] as const)('%s is one operation', async (name, apply) => {
    await tf.setBackend('tensorflow');
    const ran = vi.spyOn(tf.backend() as unknown as Backend, 'executeMultipleOutputs');
    const [gradient] = tf.grads((input: tf.Tensor) => apply(input))([tf.tensor(VALUES)], tf.tensor(WEIGHTS));
    gradient!.dispose();
    expect(ran.mock.calls.map(([operation]) => operation)).toEqual([name]);
  });
});

interface Backend {
  readonly executeMultipleOutputs: (name: string) => readonly tf.Tensor[];
}
