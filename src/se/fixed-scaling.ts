import type { PlainObject } from '../json/json-value.js';
import { factsOf } from '../layers/known-layers.js';
import type { Loader } from '../layers/layer-facts.js';
import { distribute, type Layer, newLayer, stepAxes } from '../model/model.js';
import { generatedTensor, type Weight } from '../model/tensor.js';
import type { FoundModule } from './read-module.js';

/**
 * Makes a layer that multiplies each channel by a fixed number: it replaces a module whose gates are constant, where no
 * weight beside it can take them. Not yet called; undefined where the loader has no such layer for these features.
 * @param gates gives the factors, one a channel, when the layer is written
 */
export function fixedScaling(
  module: FoundModule,
  name: string,
  loader: Loader,
  gates: () => Float32Array,
): Layer | undefined {
  const layer = channelScaling(module, name, loader, gates);
  return layer && distribute(layer, stepAxes(module.parts.squeeze!));
}

function channelScaling(
  module: FoundModule,
  name: string,
  loader: Loader,
  gates: () => Float32Array,
): Layer | undefined {
  const { channels, parts } = module;
  const { className, settings } = parts.squeeze!;
  const rank = factsOf(className, settings).spatialRank!;
  const isChannelsFirst = settings.data_format === 'channels_first';
  const common = { name, trainable: true, dtype: parts.scale!.settings.dtype ?? 'float32' };
  const depthwise: PlainObject = {
    ...common,
    kernel_size: Array<number>(rank).fill(1),
    strides: Array<number>(rank).fill(1),
    padding: 'valid',
    depth_multiplier: 1,
    data_format: settings.data_format ?? 'channels_last',
    activation: 'linear',
    use_bias: false,
  };
  const weight = (weightName: string, shape: readonly number[], values = gates): Weight => ({
    name: weightName,
    tensor: generatedTensor(shape, values),
  });
  // TensorFlow computes channels_first depthwise convolutions on GPUs only; TensorFlow.js turns them around.
  if (rank === 2 && (loader === 'tfjs' || !isChannelsFirst)) {
    return {
      ...newLayer('DepthwiseConv2D', name, depthwise),
      weights: [weight('depthwise_kernel', [1, 1, channels, 1])],
    };
  }
  if (loader === 'tfjs') return undefined;
  if (rank === 1 && !isChannelsFirst) {
    return { ...newLayer('DepthwiseConv1D', name, depthwise), weights: [weight('depthwise_kernel', [1, channels, 1])] };
  }
  // Frozen, it normalises by its initial statistics: a mean of 0 and, with epsilon, a variance of 1.
  const norm: PlainObject = {
    ...common,
    trainable: false,
    axis: isChannelsFirst ? 1 : -1,
    momentum: 0.99,
    epsilon: EPSILON,
    center: false,
    scale: true,
  };
  const filled = (value: number) => () => new Float32Array(channels).fill(value);
  return {
    ...newLayer('BatchNormalization', name, norm),
    weights: [
      weight('gamma', [channels]),
      weight('moving_mean', [channels], filled(0)),
      weight('moving_variance', [channels], filled(1 - EPSILON)),
    ],
  };
}

const EPSILON = 1e-3;
