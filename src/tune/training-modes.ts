import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import type { layers as kinds } from '@tensorflow/tfjs-layers';
import { isBatchNorm } from '../runtime/convolution-units.js';
import type { TensorFlow } from '../runtime/tensorflow.js';
import { frozenBatchNorm, trainedBatchNorm } from './batch-norm.js';
import { frozenProduct, isProduct } from './frozen-product.js';
import { isPaddedAverage, paddedAverage } from './padded-average.js';

type RunningLayer = kinds.Layer;

export interface TrainingMode {
  /** Whether the layer computes as in inference even in training, because the model calls it so. */
  readonly isCalledForInference: boolean;
  readonly isTrained: boolean;
  /** Whether a trained batch norm uses its moving averages. */
  readonly keepsStatistics: boolean;
  /** See `trainedBatchNorm`. */
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
  layer.call = (inputs, kwargs) => {
    if (kwargs.training !== true) return call(inputs, kwargs);
    const [input] = [inputs].flat() as [Tensor];
    return (
      tf.tidy(() => computeInTraining(tf, layer, input, mode)) ??
      call(inputs, { ...kwargs, training: !mode.isCalledForInference })
    );
  };
}

/** Returns the computation of a layer where TensorFlow.js' own differs or is slow; undefined where its own is right. */
function computeInTraining(
  tf: TensorFlow['tf'],
  layer: RunningLayer,
  input: Tensor,
  { isCalledForInference, isTrained, keepsStatistics, correctsVariance }: TrainingMode,
): Tensor | undefined {
  if (isBatchNorm(layer)) {
    return isCalledForInference || !isTrained || keepsStatistics
      ? frozenBatchNorm(tf, layer, input)
      : trainedBatchNorm(tf, layer, input, correctsVariance);
  }
  if (isPaddedAverage(layer, input)) return paddedAverage(tf, layer, input as Tensor4D);
  return !isTrained && isProduct(layer, input) ? frozenProduct(tf, layer, input) : undefined;
}

/** The layers that a wrapper wraps, and those of a model in it. */
function innerLayers(layer: RunningLayer): readonly RunningLayer[] {
  const { layer: wrapped, layers } = layer as { layer?: RunningLayer; layers?: readonly RunningLayer[] };
  return layers ?? (wrapped === undefined ? [] : [wrapped]);
}
