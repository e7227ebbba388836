import { beforeAll, expect, test } from 'vitest';
import { startBackend } from '../../src/runtime/start-backend.js';
import { computeGradients } from '../../src/tune/gradients.js';
import { tf } from '../support/tensorflow.js';

beforeAll(() => startBackend('cpu'));

test('a ThresholdedReLU is trained through: nothing is carried through its comparison, as in TensorFlow', () => {
  const variable = tf.variable(tf.tensor1d([-1, 0.5, 2, 3]));
  const layer = tf.layers.thresholdedReLU({ theta: 1 });
  const { gradients } = computeGradients(tf, [variable], () => tf.sum(tf.square(layer.apply(variable) as tf.Tensor)));
  // The derivative of x ** 2 where x is above 1, and else nothing.
  expect([...gradients[variable.name]!.dataSync()]).toEqual([0, 0, 4, 6]);
  variable.dispose();
});
