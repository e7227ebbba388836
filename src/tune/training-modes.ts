import type { Tensor } from '@tensorflow/tfjs-core';
import type { layers as kinds } from '@tensorflow/tfjs-layers';
import type { TensorFlow } from '../runtime/tensorflow.js';
import { isBatchNorm, trainBatchNorm } from './batch-norm.js';

type RunningLayer = kinds.Layer;

export interface TrainingMode {
  /** Whether the layer computes as in inference even in training, because the model calls it so. */
  readonly isCalledForInference: boolean;
  /** Whether its weights are trained; batch norms of others keep to their moving averages. */
  readonly isTrained: boolean;
  /** See `trainBatchNorm`. */
  readonly correctsVariance: boolean;
}

/**
 * Makes a layer of a running model compute in training as it does in Keras. TensorFlow.js knows no frozen batch norms, no
 * calls with `training=False`, and draws the same mask for ever for a dropout with a seed.
 */
export function setTrainingMode(tf: TensorFlow['tf'], layer: RunningLayer, mode: TrainingMode): void {
  if ('seed' in layer) layer.seed = undefined;
  const inner = innerLayers(layer);
  for (const each of inner) setTrainingMode(tf, each, mode);
  if (inner.length > 0) return;
  const call: RunningLayer['call'] = layer.call.bind(layer);
  if (mode.isCalledForInference || (isBatchNorm(layer) && !mode.isTrained)) {
    layer.call = (inputs, kwargs) => call(inputs, { ...kwargs, training: false });
  } else if (isBatchNorm(layer)) {
    layer.call = (inputs, kwargs) => {
      if (kwargs.training !== true) return call(inputs, kwargs);
      const [input] = [inputs].flat();
      return tf.tidy(() => trainBatchNorm(tf, layer, input as Tensor, mode.correctsVariance));
    };
  }
}

/** The layers that a wrapper wraps, and those of a model in it. */
function innerLayers(layer: RunningLayer): readonly RunningLayer[] {
  const { layer: wrapped, layers } = layer as { layer?: RunningLayer; layers?: readonly RunningLayer[] };
  return layers ?? (wrapped === undefined ? [] : [wrapped]);
}
