import type { Tensor } from '@tensorflow/tfjs-core';
import type { TensorFlow } from './tensorflow.js';

const quickened = new WeakSet<object>();

/**
 * Makes the layers of TensorFlow.js compute a ReLU that ends at 6 as the one operation that every backend has for it, with
 * the same numbers. They take three, and so do gradients.
 */
export function quickenReLU6(tf: TensorFlow['tf'], { layers: kinds }: TensorFlow['layers']): void {
  const layer = Object.getPrototypeOf(kinds.reLU({})) as { call: (inputs: Tensor | Tensor[]) => Tensor };
  if (quickened.has(layer)) return;
  const own = layer.call;
  layer.call = function (this: { readonly maxValue?: number | null }, inputs) {
    return this.maxValue === 6 ? tf.relu6([inputs].flat()[0]!) : own.call(this, inputs);
  };
  const { activation } = kinds.activation({ activation: 'relu6' }) as unknown as { activation: object };
  Object.getPrototypeOf(activation).apply = (input: Tensor) => tf.relu6(input);
  quickened.add(layer);
}
