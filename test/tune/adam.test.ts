import type { Tensor, Tensor1D } from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { startBackend } from '../../src/runtime/start-backend.js';
import type { TensorFlow } from '../../src/runtime/tensorflow.js';
import { cosineRate, createAdam } from '../../src/tune/adam.js';
import { peakOf } from '../support/tensor-memory.js';

let tensorflow: TensorFlow;

beforeAll(async () => {
  tensorflow = await startBackend('cpu');
});

test('the rate falls from the first to 0 along half a cosine', () => {
  expect(cosineRate(0.1, 0, 8)).toBe(0.1);
  expect(cosineRate(0.1, 4, 8)).toBeCloseTo(0.05, 12);
  expect(cosineRate(0.1, 8, 8)).toBeCloseTo(0, 12);
});

/** Keras' update in double precision. */
function reference(start: number, gradients: readonly number[], rate: number): number {
  let [w, m, v] = [start, 0, 0];
  for (const [index, gradient] of gradients.entries()) {
    m += (gradient - m) * 0.1;
    v += (gradient ** 2 - v) * 0.001;
    w -= ((rate * Math.sqrt(1 - 0.999 ** (index + 1))) / (1 - 0.9 ** (index + 1))) * (m / (Math.sqrt(v) + 1e-7));
  }
  return w;
}

test('weights move as by the formula of Keras; a weight without a gradient stays', () => {
  const { tf, layers } = tensorflow;
  const layer = layers.layers.dense({ units: 2, inputShape: [1], kernelInitializer: 'ones' });
  layer.build([null, 1]);
  const [kernel, bias] = layer.trainableWeights as [(typeof layer.weights)[0], (typeof layer.weights)[0]];
  const adam = createAdam(tf, [kernel, bias]);
  // So small a gradient shows where epsilon is added.
  const gradients = [0.5, -2, 1e-7, 0.25];
  const before = tf.memory().numTensors;
  gradients.forEach((gradient, step) => {
    const given = tf.tensor2d([gradient, 1e-7 * (step + 1)], [1, 2]);
    adam.move({ [kernel.name]: given }, 0.01, step);
    given.dispose();
  });
  expect(tf.memory().numTensors).toBe(before);
  const [first, second] = kernel.read().dataSync();
  expect(first).toBeCloseTo(reference(1, gradients, 0.01), 6);
  expect(second).toBeCloseTo(reference(1, [1e-7, 2e-7, 3e-7, 4e-7], 0.01), 6);
  expect([...bias.read().dataSync()]).toEqual([0, 0]);
});

test('constraints hold after each step', () => {
  const { tf, layers } = tensorflow;
  const layer = layers.layers.dense({
    units: 1,
    inputShape: [1],
    kernelConstraint: 'nonNeg',
    kernelInitializer: 'ones',
  });
  layer.build([null, 1]);
  const kernel = layer.trainableWeights[0]!;
  createAdam(tf, [kernel]).move({ [kernel.name]: tf.tensor2d([1], [1, 1]) }, 5, 0);
  expect([...kernel.read().dataSync()]).toEqual([0]);
});

test('what a move takes is gone before the next weight', () => {
  const { tf } = tensorflow;
  const size = 2 ** 18;
  const weights = Array.from({ length: 8 }, () => {
    const variable = tf.variable(tf.zeros([size]));
    return { shape: [size], read: () => variable, write: (value: Tensor) => variable.assign(value as Tensor1D) };
  });
  const adam = createAdam(tf, weights);
  const gradients = Object.fromEntries(weights.map(({ read }) => [read().name, tf.ones([size])]));
  // Of each weight there are new values and moments.
  expect(peakOf(() => adam.move(gradients, 0.01, 0))).toBeLessThan((3 * weights.length + 16) * 4 * size);
});
