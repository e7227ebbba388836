import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import type { layers as kinds } from '@tensorflow/tfjs-layers';
import type { TensorFlow } from '../runtime/tensorflow.js';
import { factsOfRunning } from '../runtime/watch-layers.js';

/** Fields of a TensorFlow.js pooling layer that its type does not declare. */
interface Pooling {
  readonly poolSize: [number, number];
  readonly strides: [number, number];
  readonly padding: string;
  readonly dataFormat: string;
}

/** Tells whether a layer, given such an input, is computed by `paddedAverage`. */
export function isPaddedAverage(layer: kinds.Layer, input: Tensor): boolean {
  const { padding, dataFormat } = layer as unknown as Pooling;
  const { role, averages } = factsOfRunning(layer);
  const isSame = padding === 'same' && dataFormat === 'channelsLast';
  return role === 'pool' && averages === true && input.rank === 4 && isSame;
}

/**
 * An average pooling with padding, as a sum over the padded input by the number of pixels that a window holds. The gradient
 * of TensorFlow.js' own takes every window for a full one: at the edges it is too small (tfjs-backend-cpu 4.22).
 */
export function paddedAverage(tf: TensorFlow['tf'], layer: kinds.Layer, input: Tensor4D): Tensor4D {
  const { poolSize, strides } = layer as unknown as Pooling;
  const { padInfo } = tf.backend_util.computePool2DInfo(input.shape, poolSize, strides, 1, 'same');
  const { top, bottom, left, right } = padInfo;
  const averageOf = (values: Tensor4D) =>
    tf.avgPool(
      tf.pad4d(values, [
        [0, 0],
        [top, bottom],
        [left, right],
        [0, 0],
      ]),
      poolSize,
      strides,
      'valid',
    );
  const [, height, width] = input.shape;
  return tf.div(averageOf(input), averageOf(tf.ones([1, height, width, 1])));
}
