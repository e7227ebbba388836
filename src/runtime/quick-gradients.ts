import type { NamedAttrMap, Tensor } from '@tensorflow/tfjs-core';
import { isNative, runOperation } from './native-operations.js';
import type { TensorFlow } from './tensorflow.js';

type Core = TensorFlow['tf'];

/** Activations whose gradient follows from their output. */
export type Clipping = 'relu' | 'relu6';

/**
 * Replaces gradients of TensorFlow.js, for every backend: its own compute activations from their inputs by up to seven
 * operations, and means and sums through tensors of ones. Where TensorFlow computes, it has one operation for each.
 */
export function registerQuickGradients(tf: Core): void {
  const byOutput = (kernelName: string, gradient: (dy: Tensor, y: Tensor) => Tensor) => {
    tf.registerGradient({
      kernelName,
      inputsToSave: [],
      outputsToSave: [true],
      gradFunc: (dy, saved) => ({ x: () => gradient(dy as Tensor, saved[0]!) }),
    });
  };
  byOutput('Relu', (dy, y) => clippingGradient(tf, 'relu', dy, y));
  byOutput('Relu6', (dy, y) => clippingGradient(tf, 'relu6', dy, y));
  byOutput('Sigmoid', (dy, y) =>
    isNative(tf) ? runOperation(tf, 'SigmoidGrad', [y, dy]) : tf.mul(dy, tf.mul(y, tf.sub(1, y))),
  );
  byOutput('Tanh', (dy, y) =>
    isNative(tf) ? runOperation(tf, 'TanhGrad', [y, dy]) : tf.mul(dy, tf.sub(1, tf.square(y))),
  );
  registerReduction(tf, 'Sum', () => 1);
  registerReduction(tf, 'Mean', (x, reduced) => x.size / reduced.size);
}

/** @param y output of the activation */
export function clippingGradient(tf: Core, activation: Clipping, dy: Tensor, y: Tensor): Tensor {
  if (isNative(tf)) return runOperation(tf, activation === 'relu' ? 'ReluGrad' : 'Relu6Grad', [dy, y]);
  return tf.tidy(() => tf.mul(dy, tf.step(activation === 'relu' ? y : tf.mul(y, tf.sub(6, y)))));
}

/** @param divisor by what a sum is divided */
function registerReduction(tf: Core, kernelName: string, divisor: (x: Tensor, reduced: Tensor) => number): void {
  tf.registerGradient({
    kernelName,
    inputsToSave: ['x'],
    gradFunc: (dy, saved, attrs: NamedAttrMap) => {
      const [x, reduced] = [saved[0]!, dy as Tensor];
      const axes = tf.util.parseAxisParam(attrs.axis as number | number[], x.shape);
      const isReduced = (axis: number) => axes.includes(axis);
      const shape = x.shape.map((size, axis) => (isReduced(axis) ? 1 : size));
      return { x: () => tf.broadcastTo(tf.reshape(tf.div(reduced, divisor(x, reduced)), shape), x.shape) };
    },
  });
}
