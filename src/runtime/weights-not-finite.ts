import type { Tensor } from '@tensorflow/tfjs-core';
import type { layers as kinds, LayersModel } from '@tensorflow/tfjs-layers';
import { inputError } from '../errors.js';
import { type BatchNorm, isBatchNorm } from './convolution-units.js';
import type { LoadedModel } from './load-model.js';
import type { TensorFlow } from './tensorflow.js';
import { listRunningLayers } from './watch-layers.js';

/**
 * Finds a weight by which outputs are no numbers, where that need not show in what is computed: many kernels of wasm make a
 * number of a NaN.
 * @returns its name; undefined for other backends
 */
export function findHiddenNaN(tf: TensorFlow['tf'], runs: LayersModel): string | undefined {
  if (tf.getBackend() !== 'wasm') return undefined;
  const weight = runs.weights.find((each) => !areFinite(each.read()));
  if (weight !== undefined) return weight.originalName;
  const layers = [...listRunningLayers(runs)].map(({ layer }) => layer);
  const norm = layers.find((layer) => isBatchNorm(layer) && hasNoRoot(layer));
  return norm && `${norm.name}/moving_variance`;
}

/**
 * Refuses a model whose outputs are no numbers where the backend would hide it.
 * @throws RetrofitError `not-finite`
 */
export function refuseHiddenNaN(tf: TensorFlow['tf'], { runs, model }: LoadedModel): void {
  const weight = findHiddenNaN(tf, runs);
  if (weight === undefined) return;
  throw inputError('not-finite', `no numbers come of the weight ${weight}`, {
    where: { file: model.path },
    hint: HIDDEN_NAN_HINT,
  });
}

function hasNoRoot(layer: kinds.Layer): boolean {
  const { movingVariance, epsilon } = layer as unknown as BatchNorm;
  return movingVariance
    .read()
    .dataSync()
    .some((value) => value + epsilon < 0);
}

/** Tells whether a tensor's values are all numbers: what is none makes the sum none, without asking each of millions. */
export function areFinite(tensor: Tensor): boolean {
  const values = tensor.dataSync();
  let sum = 0;
  for (let at = 0; at < values.length; at++) sum += values[at]! * 0;
  return sum === 0;
}

export const HIDDEN_NAN_HINT = 'compute with --backend cpu or a native one: wasm makes numbers of what is none';
