import type { NamedAttrMap, Tensor, Tensor1D, Tensor4D } from '@tensorflow/tfjs-core';
import type { layers as kinds, LayerVariable } from '@tensorflow/tfjs-layers';
import { type Clipping, clippingGradient } from '../runtime/quick-gradients.js';
import type { TensorFlow } from '../runtime/tensorflow.js';
import { factsOfRunning } from '../runtime/watch-layers.js';
import { channelFactors, channelShape, isBatchNorm } from './batch-norm.js';

type Core = TensorFlow['tf'];

/** Fields of a TensorFlow.js convolution that its type does not declare. */
interface Convolution {
  readonly kernel?: LayerVariable;
  readonly depthwiseKernel?: LayerVariable;
  readonly bias?: LayerVariable | null;
  readonly activation?: { getClassName(): string } | null;
  readonly strides: [number, number];
  readonly dilationRate: number | readonly number[];
  readonly padding: string;
  readonly dataFormat: string;
}

/** Layers that nothing trains, one behind the other, which are computed as one operation. */
export interface FrozenUnit {
  readonly convolution: kinds.Layer;
  /** A batch norm over the convolution's channels. */
  readonly norm: kinds.Layer | undefined;
  readonly activation: Clipping | undefined;
}

/** Tells whether a layer can begin a frozen unit. Dilated convolutions have no gradient in TensorFlow.js. */
export function isConvolution(layer: kinds.Layer): boolean {
  const { padding, dataFormat, dilationRate } = layer as unknown as Convolution;
  const isPlain = (padding === 'same' || padding === 'valid') && dataFormat === 'channelsLast';
  const { convolution, spatialRank } = factsOfRunning(layer);
  const isKnown = spatialRank === 2 && (convolution === 'standard' || convolution === 'depthwise');
  return isKnown && isPlain && [dilationRate].flat().every((rate) => rate === 1 || rate === null);
}

/**
 * Returns the activation that a convolution or layer ends in: `linear` or one that a unit can end with, else undefined.
 */
export function activationOf(layer: kinds.Layer): Clipping | 'linear' | undefined {
  const { activation, maxValue } = layer as unknown as Convolution & { readonly maxValue?: number | null };
  const { functionName } = factsOfRunning(layer);
  const name = functionName ? functionName({ max_value: maxValue }) : (activation?.getClassName() ?? 'linear');
  return name === 'relu' || name === 'relu6' || name === 'linear' ? name : undefined;
}

/** Tells whether a batch norm amounts to one factor and one offset for each channel of a convolution's output. */
export const isOverChannels = (layer: kinds.Layer): boolean =>
  isBatchNorm(layer) &&
  [(layer as unknown as { axis: number | [number] }).axis].flat().every((axis) => [3, -1].includes(axis));

/**
 * Computes a unit with the norm folded into the kernel and the bias, once. The gradient is that of the input:
 * TensorFlow.js' own always computes those of kernels as well.
 */
export function frozenUnit(tf: Core, unit: FrozenUnit): (input: Tensor) => Tensor {
  const { strides, padding, kernel } = unit.convolution as unknown as Convolution;
  const isDepthwise = kernel === undefined;
  const attributes = { strides: [strides].flat(), pad: padding, dilations: [1, 1], dimRoundingMode: null };
  const forward = {
    ...attributes,
    dataFormat: 'NHWC',
    activation: unit.activation ?? 'linear',
  } as unknown as NamedAttrMap;
  const engine = tf.engine();
  const folded = lazily(() => tf.tidy(() => fold(tf, unit)));
  return tf.customGrad((...[input, save]) => {
    const [x, keep] = [input as Tensor4D, save as (tensors: Tensor[]) => void];
    const { filter, bias } = folded();
    const inputs = bias === undefined ? { x, filter } : { x, filter, bias };
    const value = engine.runKernel<Tensor>(isDepthwise ? 'FusedDepthwiseConv2D' : 'FusedConv2D', inputs, forward);
    if (unit.activation !== undefined) keep([value]);
    const { shape } = x;
    const gradFunc = (dy: Tensor, saved: Tensor[]) =>
      tf.tidy(() => {
        const own = unit.activation === undefined ? dy : clippingGradient(tf, unit.activation, dy, saved[0]!);
        const kernelName = isDepthwise ? 'DepthwiseConv2dNativeBackpropInput' : 'Conv2DBackpropInput';
        const more = isDepthwise ? {} : { dataFormat: 'NHWC' };
        const attrs = { ...attributes, ...more, inputShape: shape } as unknown as NamedAttrMap;
        return engine.runKernel<Tensor>(kernelName, { dy: own, filter }, attrs);
      });
    return { value, gradFunc };
  });
}

/** Computes a batch norm that nothing trains, of whatever axis, as one product and one sum. */
export function frozenNorm(tf: Core, layer: kinds.Layer): (input: Tensor) => Tensor {
  const factors = lazily(() =>
    tf.tidy(() => {
      const { factor, offset } = channelFactors(tf, layer);
      return { factor: tf.keep(factor), offset: tf.keep(tf.clone(offset)) };
    }),
  );
  return tf.customGrad((x) => {
    const { factor, offset } = factors();
    const shape = channelShape(layer, x as Tensor);
    const value = tf.add(tf.mul(x as Tensor, tf.reshape(factor, shape)), tf.reshape(offset, shape));
    return { value, gradFunc: (dy: Tensor) => tf.tidy(() => tf.mul(dy, tf.reshape(factor, shape))) };
  });
}

/** Returns the kernel times the factor of its channel, and the offset that is added to each channel. */
function fold(
  tf: Core,
  { convolution, norm }: FrozenUnit,
): { readonly filter: Tensor4D; readonly bias: Tensor1D | undefined } {
  const { kernel, depthwiseKernel, bias } = convolution as unknown as Convolution;
  const filter = (kernel ?? depthwiseKernel!).read() as Tensor4D;
  const own = bias?.read() as Tensor1D | undefined;
  if (norm === undefined) return { filter, bias: own };
  const { factor, offset } = channelFactors(tf, norm);
  const [, , inputs, outputs] = filter.shape;
  // Of a depthwise kernel, [height, width, in, multiplier], the channels are the last two.
  const shaped = kernel === undefined ? tf.reshape(factor, [inputs, outputs]) : factor;
  return {
    filter: tf.keep(tf.mul(filter, shaped)),
    bias: tf.keep((own === undefined ? tf.clone(offset) : tf.add(tf.mul(own, factor), offset)) as Tensor1D),
  };
}

function lazily<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
