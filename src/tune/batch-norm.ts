import type { Tensor } from '@tensorflow/tfjs-core';
import type { layers as kinds, LayerVariable } from '@tensorflow/tfjs-layers';
import type { BatchNorm } from '../runtime/convolution-units.js';
import { factorsOf } from '../runtime/folded-unit.js';
import { isNative, runOperations } from '../runtime/native-operations.js';
import type { TensorFlow } from '../runtime/tensorflow.js';

type Core = TensorFlow['tf'];

/** The mean and the variance to normalise by; or else those of the batch are, which are given on. */
type Statistics = readonly [mean: Tensor, variance: Tensor] | OnStatistics;

/** @param unbiased the variance times n / (n - 1) */
type OnStatistics = (mean: Tensor, variance: Tensor, unbiased: Tensor) => void;

/**
 * A batch norm in training that keeps to its moving averages, as one product and one sum a channel. TensorFlow.js' own has a
 * gradient that is many times as slow; this one's differs in the last bits.
 * @returns the normalised input, in its shape
 */
export function frozenBatchNorm(tf: Core, layer: kinds.Layer, input: Tensor): Tensor {
  const { movingMean, movingVariance } = layer as unknown as BatchNorm;
  return normalise(tf, layer, input, [movingMean.read(), movingVariance.read()]);
}

/**
 * A batch norm in training, as Keras has it: by the mean and variance of the batch, and the moving ones follow. The one of
 * TensorFlow.js fails without gamma or beta.
 * @param correctsVariance Keras 2 computes images with TensorFlow's fused operation, and by it the moving variance follows
 *   the batch's times n / (n - 1); Keras 3 takes the variance as it is
 * @returns the normalised input, in its shape
 */
export function trainedBatchNorm(tf: Core, layer: kinds.Layer, input: Tensor, correctsVariance: boolean): Tensor {
  const { movingMean, movingVariance, momentum } = layer as unknown as BatchNorm;
  const follow = (moving: LayerVariable, value: Tensor) => {
    const before = moving.read();
    moving.write(tf.sub(before, tf.mul(tf.sub(before, value), 1 - momentum)));
  };
  return normalise(tf, layer, input, (mean, variance, unbiased) => {
    follow(movingMean, mean);
    follow(movingVariance, correctsVariance && input.rank === 4 ? unbiased : variance);
  });
}

interface Normalised {
  readonly value: Tensor;
  /** Returns the gradients by the input, gamma and beta. */
  readonly gradFunc: (dy: Tensor, saved: Tensor[]) => Tensor[];
}

/** Computes a batch norm as one operation, which keeps nothing but its input and numbers by channel for its gradient. */
function normalise(tf: Core, layer: kinds.Layer, input: Tensor, statistics: Statistics): Tensor {
  const norm = layer as unknown as BatchNorm;
  const channels = [input.shape[channelsOf(norm, input)]!];
  const compute = tf.customGrad((...given) => {
    const [x, gamma, beta, save] = given as unknown as [Tensor, Tensor, Tensor, Save];
    return isFused(tf, norm, x)
      ? fused(tf, norm, [x, gamma, beta], save, statistics)
      : composed(tf, layer, x, save, statistics);
  });
  return compute(input, norm.gamma?.read() ?? tf.ones(channels), norm.beta?.read() ?? tf.zeros(channels));
}

type Save = (tensors: Tensor[]) => void;

/** Tells whether TensorFlow's own operation computes it: with its gradient it takes a third of the time. */
const isFused = (tf: Core, norm: BatchNorm, input: Tensor): boolean =>
  isNative(tf) && input.rank === 4 && channelsOf(norm, input) === 3;

function fused(
  tf: Core,
  { epsilon }: BatchNorm,
  [x, gamma, beta]: readonly [x: Tensor, gamma: Tensor, beta: Tensor],
  save: Save,
  statistics: Statistics,
): Normalised {
  const isOfBatch = typeof statistics === 'function';
  const common = { types: ['T', 'U'], attributes: { epsilon, data_format: 'NHWC', is_training: isOfBatch } };
  const own = isOfBatch ? [tf.zeros([0]), tf.zeros([0])] : statistics;
  const forward = { ...common, name: 'FusedBatchNormV3', inputs: [x, gamma, beta, ...own], outputs: 6 };
  const [value, mean, unbiased, ...forGradient] = runOperations(tf, forward);
  const count = x.size / mean!.size;
  if (isOfBatch) statistics(mean!, tf.mul(unbiased!, (count - 1) / count), unbiased!);
  save([x, gamma, ...(isOfBatch ? forGradient.slice(0, 2) : own), forGradient[2]!]);
  const gradFunc = (dy: Tensor, saved: Tensor[]) =>
    runOperations(tf, { ...common, name: 'FusedBatchNormGradV3', inputs: [dy, ...saved], outputs: 5 }).slice(0, 3);
  return { value: value!, gradFunc };
}

/** One product and one sum, as TensorFlow computes it, by operations of any backend. */
function composed(tf: Core, layer: kinds.Layer, x: Tensor, save: Save, statistics: Statistics): Normalised {
  const norm = layer as unknown as BatchNorm;
  const isOfBatch = typeof statistics === 'function';
  const shape = channelShape(layer, x);
  const wide = (byChannel: Tensor) => tf.reshape(byChannel, shape);
  const others = x.shape.map((_, axis) => axis).filter((axis) => axis !== channelsOf(norm, x));
  const { mean, variance } = isOfBatch ? tf.moments(x, others) : { mean: statistics[0], variance: statistics[1] };
  const count = x.size / mean.size;
  if (isOfBatch) statistics(mean, variance, tf.mul(variance, count / Math.max(1, count - 1)));
  const { factor, offset } = factorsOf(tf, norm, mean, variance);
  save([x, mean, tf.rsqrt(tf.add(variance, norm.epsilon)), factor]);
  const gradFunc = (dy: Tensor, saved: Tensor[]) =>
    tf.tidy(() => {
      const [input, centre, inverse, scale] = saved as [Tensor, Tensor, Tensor, Tensor];
      const centred = tf.sub(input, wide(centre));
      const byBeta = tf.sum(dy, others);
      const byGamma = tf.mul(tf.sum(tf.mul(dy, centred), others), inverse);
      // The batch's mean and variance move with each of its numbers.
      const moved = () =>
        tf.sub(tf.sub(dy, wide(tf.div(byBeta, count))), tf.mul(centred, wide(tf.div(tf.mul(byGamma, inverse), count))));
      return [tf.mul(isOfBatch ? moved() : dy, wide(scale)), byGamma, byBeta];
    });
  return { value: tf.add(tf.mul(x, wide(factor)), wide(offset)), gradFunc };
}

/** Returns the shape in which a batch norm's vectors of one number a channel broadcast to its input. */
export function channelShape(layer: kinds.Layer, input: Tensor): number[] {
  const channels = channelsOf(layer as unknown as BatchNorm, input);
  return input.shape.map((size, index) => (index === channels ? size : 1));
}

function channelsOf({ axis }: BatchNorm, { rank }: Tensor): number {
  const [channels] = [axis].flat() as [number];
  return channels < 0 ? channels + rank : channels;
}
