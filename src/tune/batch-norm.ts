import type { Tensor } from '@tensorflow/tfjs-core';
import type { layers as kinds, LayerVariable } from '@tensorflow/tfjs-layers';
import type { BatchNorm } from '../runtime/convolution-units.js';
import { factorsOf } from '../runtime/folded-unit.js';
import { isNative, runOperations } from '../runtime/native-operations.js';
import type { TensorFlow } from '../runtime/tensorflow.js';

type Core = TensorFlow['tf'];

/**
 * A batch norm in training that keeps to its moving averages, as one product and one sum a channel. TensorFlow.js' own has a
 * gradient that is many times as slow; this one's differs in the last bits.
 * @returns the normalised input, in its shape
 */
export function frozenBatchNorm(tf: Core, layer: kinds.Layer, input: Tensor): Tensor {
  const norm = layer as unknown as BatchNorm;
  const { movingMean, movingVariance } = norm;
  if (isFused(tf, norm, input)) return fused(tf, norm, input, [movingMean.read(), movingVariance.read()]);
  return normalised(tf, layer, input, movingMean.read(), movingVariance.read());
}

/**
 * A batch norm in training, as Keras has it: by the mean and variance of the batch, and the moving ones follow. The one of
 * TensorFlow.js fails without gamma or beta.
 * @param correctsVariance Keras 2 computes images with TensorFlow's fused operation, and by it the moving variance follows
 *   the batch's times n / (n - 1); Keras 3 takes the variance as it is
 * @returns the normalised input, in its shape
 */
export function trainedBatchNorm(tf: Core, layer: kinds.Layer, input: Tensor, correctsVariance: boolean): Tensor {
  const norm = layer as unknown as BatchNorm;
  const channels = channelsOf(norm, input);
  const count = input.size / input.shape[channels]!;
  const isCorrected = correctsVariance && input.rank === 4 && count > 1;
  const follow = (moving: LayerVariable, value: Tensor) => {
    const before = moving.read();
    moving.write(tf.sub(before, tf.mul(tf.sub(before, value), 1 - norm.momentum)));
  };
  if (isFused(tf, norm, input))
    return fused(tf, norm, input, (mean, variance) => {
      follow(norm.movingMean, mean);
      follow(norm.movingVariance, isCorrected ? variance : tf.mul(variance, (count - 1) / count));
    });
  const others = input.shape.map((_, index) => index).filter((index) => index !== channels);
  const { mean, variance } = tf.moments(input, others);
  follow(norm.movingMean, mean);
  follow(norm.movingVariance, isCorrected ? tf.mul(variance, count / (count - 1)) : variance);
  return normalised(tf, layer, input, mean, variance);
}

/** Tells whether TensorFlow's own operation computes it: with its gradient it takes a third of the time. */
const isFused = (tf: Core, norm: BatchNorm, input: Tensor): boolean =>
  isNative(tf) && input.rank === 4 && channelsOf(norm, input) === 3;

/**
 * Normalises images by a mean and a variance, or else by those of the batch.
 * @param statistics takes the batch's mean, and its variance times n / (n - 1)
 */
function fused(
  tf: Core,
  norm: BatchNorm,
  input: Tensor,
  statistics: readonly [mean: Tensor, variance: Tensor] | ((mean: Tensor, variance: Tensor) => void),
): Tensor {
  const isTraining = typeof statistics === 'function';
  const common = {
    types: ['T', 'U'],
    attributes: { epsilon: norm.epsilon, data_format: 'NHWC', is_training: isTraining },
  };
  const normalise = tf.customGrad((...given) => {
    const [x, gamma, beta, save] = given as unknown as [Tensor, Tensor, Tensor, (tensors: Tensor[]) => void];
    const own = isTraining ? [tf.zeros([0]), tf.zeros([0])] : statistics;
    const forward = { ...common, name: 'FusedBatchNormV3', inputs: [x, gamma, beta, ...own], outputs: 6 };
    const [value, mean, variance, ...forGradient] = runOperations(tf, forward);
    if (isTraining) statistics(mean!, variance!);
    save([x, gamma, ...(isTraining ? forGradient.slice(0, 2) : own), forGradient[2]!]);
    const gradFunc = (dy: Tensor, saved: Tensor[]) =>
      runOperations(tf, { ...common, name: 'FusedBatchNormGradV3', inputs: [dy, ...saved], outputs: 5 }).slice(0, 3);
    return { value: value!, gradFunc };
  });
  const channels = [input.shape[3]!];
  return normalise(input, norm.gamma?.read() ?? tf.ones(channels), norm.beta?.read() ?? tf.zeros(channels));
}

/** Returns the shape in which a batch norm's vectors of one number a channel broadcast to its input. */
export function channelShape(layer: kinds.Layer, input: Tensor): number[] {
  const channels = channelsOf(layer as unknown as BatchNorm, input);
  return input.shape.map((size, index) => (index === channels ? size : 1));
}

/** One product and one sum, as TensorFlow computes it; mean and variance have one number a channel. */
function normalised(tf: Core, layer: kinds.Layer, input: Tensor, mean: Tensor, variance: Tensor): Tensor {
  const shape = channelShape(layer, input);
  const { factor, offset } = factorsOf(tf, layer as unknown as BatchNorm, mean, variance);
  return tf.add(tf.mul(input, tf.reshape(factor, shape)), tf.reshape(offset, shape));
}

function channelsOf({ axis }: BatchNorm, { rank }: Tensor): number {
  const [channels] = [axis].flat() as [number];
  return channels < 0 ? channels + rank : channels;
}
