import type { NamedAttrMap, Tensor, Tensor1D, Tensor4D } from '@tensorflow/tfjs-core';
import type { layers as kinds } from '@tensorflow/tfjs-layers';
import type { BatchNorm, Convolution, ConvolutionUnit } from './convolution-units.js';
import type { TensorFlow } from './tensorflow.js';

type Core = TensorFlow['tf'];

/** Weights of a convolution with a batch norm in them. */
export type FoldedWeights = Readonly<{ filter: Tensor4D; bias: Tensor1D | undefined }>;

/** Returns the kernel times the factor of its channel, and the offset that is added to each channel; to be kept or disposed of. */
export function foldNorm(tf: Core, { convolution, norm }: ConvolutionUnit): FoldedWeights {
  const { kernel, depthwiseKernel, bias } = convolution as unknown as Convolution;
  const filter = (kernel ?? depthwiseKernel!).read() as Tensor4D;
  const own = bias?.read() as Tensor1D | undefined;
  if (norm === undefined) return { filter: tf.clone(filter), bias: own && tf.clone(own) };
  const { factor, offset } = channelFactors(tf, norm);
  const [, , inputs, outputs] = filter.shape;
  // Of a depthwise kernel, [height, width, in, multiplier], the channels are the last two.
  const shaped = kernel === undefined ? tf.reshape(factor, [inputs, outputs]) : factor;
  return {
    filter: tf.mul(filter, shaped),
    bias: (own === undefined ? tf.clone(offset) : tf.add(tf.mul(own, factor), offset)) as Tensor1D,
  };
}

/** Computes a unit with such weights as one operation. */
export function computeFolded(tf: Core, unit: ConvolutionUnit, { filter, bias }: FoldedWeights, x: Tensor): Tensor {
  const attributes = {
    ...convolutionAttributes(unit),
    dataFormat: 'NHWC',
    activation: unit.activation ?? 'linear',
  } as unknown as NamedAttrMap;
  const inputs = bias === undefined ? { x, filter } : { x, filter, bias };
  return tf.engine().runKernel<Tensor>(isDepthwise(unit) ? 'FusedDepthwiseConv2D' : 'FusedConv2D', inputs, attributes);
}

export const isDepthwise = ({ convolution }: ConvolutionUnit): boolean =>
  (convolution as unknown as Convolution).kernel === undefined;

/** Attributes of the kernels of a unit's convolution and of its gradient. */
export function convolutionAttributes({ convolution }: ConvolutionUnit) {
  const { strides, padding } = convolution as unknown as Convolution;
  return { strides: [strides].flat(), pad: padding, dilations: [1, 1], dimRoundingMode: null };
}

/** Returns the factor and the offset by channel of a batch norm that uses its moving averages. */
export function channelFactors(tf: Core, layer: kinds.Layer): { readonly factor: Tensor; readonly offset: Tensor } {
  const norm = layer as unknown as BatchNorm;
  return factorsOf(tf, norm, norm.movingMean.read(), norm.movingVariance.read());
}

/** The same of one that uses a mean and a variance. */
export function factorsOf(tf: Core, { epsilon, gamma, beta }: BatchNorm, mean: Tensor, variance: Tensor) {
  const deviation = tf.rsqrt(tf.add(variance, epsilon));
  const factor = gamma ? tf.mul(deviation, gamma.read()) : deviation;
  const moved = tf.neg(tf.mul(mean, factor));
  return { factor, offset: beta ? tf.add(moved, beta.read()) : moved };
}
