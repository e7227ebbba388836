import type { Tensor, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';
import type { layers as kinds, LayerVariable } from '@tensorflow/tfjs-layers';
import type { TensorFlow } from '../runtime/tensorflow.js';
import { factsOfRunning } from '../runtime/watch-layers.js';

/** Fields of a TensorFlow.js convolution or dense layer that its type does not declare. */
interface Product {
  readonly kernel: LayerVariable;
  readonly bias?: LayerVariable | null;
  readonly activation: { readonly apply: (input: Tensor) => Tensor };
  readonly strides: [number, number];
  readonly dilationRate: [number, number];
  readonly padding: string;
  readonly dataFormat: string;
}

/** Tells whether a layer, given such an input, can be computed by `frozenProduct`. */
export function isProduct(layer: kinds.Layer, input: Tensor): boolean {
  const { padding, dataFormat } = layer as unknown as Product;
  const { role, convolution } = factsOfRunning(layer);
  if (role === 'dense') return input.rank === 2;
  const isPadded = padding === 'same' || padding === 'valid';
  return convolution === 'standard' && input.rank === 4 && isPadded && dataFormat === 'channelsLast';
}

/**
 * Computes a dense layer or a convolution whose kernel is not trained. TensorFlow.js computes them as one operation
 * with bias and activation, and then always the gradient of the kernel too: a third of the work of a step.
 */
export function frozenProduct(tf: TensorFlow['tf'], layer: kinds.Layer, input: Tensor): Tensor {
  const { kernel, bias, activation, strides, dilationRate, padding } = layer as unknown as Product;
  const product =
    input.rank === 2
      ? tf.matMul(input as Tensor2D, kernel.read() as Tensor2D)
      : tf.conv2d(
          input as Tensor4D,
          kernel.read() as Tensor4D,
          strides,
          padding as 'same' | 'valid',
          'NHWC',
          dilationRate,
        );
  return activation.apply(bias ? tf.add(product, bias.read()) : product);
}
