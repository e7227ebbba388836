import { expect, test } from 'vitest';
import { startBackend } from '../../src/runtime/start-backend.js';
import { computeGradients } from '../../src/tune/gradients.js';
import type { tf as types } from '../support/tensorflow.js';

test('a ThresholdedReLU is trained through: nothing is carried through its comparison, as in TensorFlow', async () => {
  const { tf, layers } = await startBackend('cpu');
  const variable = tf.variable(tf.tensor1d([-1, 0.5, 2, 3]));
  const layer = layers.layers.thresholdedReLU({ theta: 1 });
  const { gradients } = computeGradients(tf, [variable], () =>
    tf.sum(tf.square(layer.apply(variable) as types.Tensor)),
  );
  // The derivative of x ** 2 where x is above 1, and else nothing.
  expect([...gradients[variable.name]!.dataSync()].map(Math.abs)).toEqual([0, 0, 4, 6]);
  variable.dispose();
});
