import type { Tensor } from '@tensorflow/tfjs-core';
import type { layers as kinds, LayerVariable } from '@tensorflow/tfjs-layers';
import type { TensorFlow } from '../runtime/tensorflow.js';

/** What a batch norm of TensorFlow.js holds, besides what its type says. */
interface BatchNorm {
  readonly axis: number;
  readonly momentum: number;
  readonly epsilon: number;
  /** Absent where the layer was made without `scale` or `center`. */
  readonly gamma?: LayerVariable | null;
  readonly beta?: LayerVariable | null;
  readonly movingMean: LayerVariable;
  readonly movingVariance: LayerVariable;
}

export const isBatchNorm = (layer: kinds.Layer): boolean => layer.getClassName() === 'BatchNormalization';

/**
 * A batch norm in training, as Keras has it: by the mean and variance of the batch, and the moving ones follow. The one of
 * TensorFlow.js fails without gamma or beta.
 * @param correctsVariance Keras 2 computes images with TensorFlow's fused operation, and by it the moving variance follows
 *   the batch's times n / (n - 1); Keras 3 takes the variance as it is
 * @returns the normalised input, in its shape
 */
export function trainBatchNorm(
  tf: TensorFlow['tf'],
  layer: kinds.Layer,
  input: Tensor,
  correctsVariance: boolean,
): Tensor {
  const { axis, momentum, epsilon, gamma, beta, movingMean, movingVariance } = layer as unknown as BatchNorm;
  const channels = axis < 0 ? axis + input.rank : axis;
  const others = input.shape.map((_, index) => index).filter((index) => index !== channels);
  const spread = (weight: LayerVariable) =>
    tf.reshape(
      weight.read(),
      input.shape.map((size, index) => (index === channels ? size : 1)),
    );
  const { mean, variance } = tf.moments(input, others, true);
  const follow = (moving: LayerVariable, value: Tensor) => {
    const before = moving.read();
    moving.write(tf.sub(before, tf.mul(tf.sub(before, tf.reshape(value, before.shape)), 1 - momentum)));
  };
  const count = input.size / input.shape[channels]!;
  follow(movingMean, mean);
  follow(
    movingVariance,
    correctsVariance && input.rank === 4 && count > 1 ? tf.mul(variance, count / (count - 1)) : variance,
  );
  const deviation = tf.rsqrt(tf.add(variance, epsilon));
  const factor = gamma ? tf.mul(deviation, spread(gamma)) : deviation;
  const normed = tf.mul(tf.sub(input, mean), factor);
  return beta ? tf.add(normed, spread(beta)) : normed;
}
