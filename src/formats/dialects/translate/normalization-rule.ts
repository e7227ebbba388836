import { fromPlain, getMember, type JsonObject, type PlainObject } from '../../../json/json-value.js';
import { axisOf } from '../../../layers/config.js';
import type { Shape } from '../../../layers/layer-facts.js';
import type { Layer } from '../../../model/model.js';
import { mapped, type Tensor, type Weight } from '../../../model/tensor.js';
import { cannotConvert } from './cannot-convert.js';
import { constantOf, numbersIn, readConstant } from './constants.js';
import {
  addPart,
  addPlain,
  addRescaling,
  addReshape,
  inPrecision,
  type LayerBuilder,
  outputOf,
  type Source,
} from './layer-builder.js';

// Keras' Normalization, (x - mean) / deviation, is a fixed affine map. Where its numbers stand in the config it is
// written as Rescalings, where they are weights as depthwise convolutions of 1x1 places. The mean goes first and by
// itself: next to the deviation it may be large.

/** Keras divides by this where a deviation is less. Source: `backend.epsilon()`. */
const LEAST_DEVIATION = 1e-7;

const deviation = (variance: number): number => Math.max(Math.sqrt(variance), LEAST_DEVIATION);
const negative = (value: number): number => -value;
const inverse = (variance: number): number => 1 / deviation(variance);
const ONE = fromPlain(1);
const ZERO = fromPlain(0);

/** The layers that compute what a Normalization does, for TensorFlow.js. */
export function normalize(builder: LayerBuilder, layer: Layer, [source]: readonly Source[]): Source | undefined {
  if (builder.dialects.target !== 'tfjs') return undefined;
  const { settings, config } = layer;
  const tensor = inPrecision(builder, config, source!);
  const shape = outputOf(builder, tensor).shape;
  const axes = shape && keptAxes(settings, shape.length);
  const done =
    shape &&
    axes &&
    (settings.mean == null ? byWeights(builder, layer, tensor, axes) : byConfig(builder, layer, tensor, axes));
  if (done !== undefined) return done;
  throw cannotConvert(
    layer.name,
    'axis',
    'TensorFlow.js has no Normalization, and no layer is certain to compute the same over these axes',
    'rebuild the model with a Rescaling in its place, or with the axes it keeps behind all others',
  );
}

/** The axes that have numbers of their own, from the front; none for one mean of all. */
function keptAxes({ axis = -1 }: PlainObject, rank: number): readonly number[] | undefined {
  if (axis === null) return [];
  const axes = [axis].flat().map((each) => axisOf(each as number, rank));
  return axes.every((each) => each !== undefined && each > 0 && each < rank)
    ? ([...axes] as number[]).sort((left, right) => left - right)
    : undefined;
}

function byConfig(builder: LayerBuilder, { config, settings }: Layer, tensor: Source, axes: readonly number[]) {
  const shape = outputOf(builder, tensor).shape!;
  const sizes = axes.map((axis) => shape[axis]!);
  const isKnown = sizes.every((size) => size !== null);
  const [mean, variance] = ['mean', 'variance'].map((name) => {
    const numbers = readConstant(getMember(config, name));
    return numbers && isKnown ? expanded(numbersIn(numbers), axes, sizes) : undefined;
  });
  if (mean === undefined || variance === undefined) return undefined;
  const written = (numbers: readonly number[], map: (value: number) => number) =>
    constantOf(numbers.map(Math.fround).map(map), broadcastShape(axes, shape)).json;
  if (settings.invert === true)
    return addRescaling(builder, written(variance, deviation), written(mean, Number), [tensor]);
  const centred = addRescaling(builder, ONE, written(mean, negative), [tensor]);
  return addRescaling(builder, written(variance, inverse), ZERO, [centred]);
}

/** One number for all, or one for each of the last of the kept axes, or one for each of all. */
function expanded(
  numbers: readonly number[],
  axes: readonly number[],
  sizes: readonly number[],
): readonly number[] | undefined {
  const count = sizes.reduce((product, size) => product * size, 1);
  if (count % numbers.length !== 0 || ![1, sizes.at(-1), count].includes(numbers.length)) return undefined;
  return Array.from({ length: axes.length === 0 ? 1 : count }, (_, index) => numbers[index % numbers.length]!);
}

/** The shape in which numbers of the kept axes meet the tensor: the first kept axis and all behind it. */
function broadcastShape(axes: readonly number[], shape: Shape): readonly number[] {
  const [first = shape.length] = axes;
  return shape.slice(first).map((size, index) => (axes.includes(first + index) ? size! : 1));
}

function byWeights(builder: LayerBuilder, layer: Layer, tensor: Source, axes: readonly number[]): Source | undefined {
  const { settings } = layer;
  const shape = outputOf(builder, tensor).shape!;
  const [mean, variance] = ['mean', 'variance'].map(
    (name) => layer.weights.find((weight) => weight.name === name)?.tensor,
  );
  if (mean === undefined || variance === undefined) return undefined;
  const size = mean.shape.reduce((product, each) => product * each, 1);
  const rank = shape.length;
  const first = rank - axes.length;
  // Kept axes that are not the last ones go there and back.
  if (axes.some((axis, index) => axis !== first + index)) {
    const others = Array.from({ length: rank - 1 }, (_, index) => index + 1);
    const there = [...others.filter((axis) => !axes.includes(axis)), ...axes];
    const turned = addPlain(builder, 'Permute', { dims: there }, [tensor]);
    const last = axes.map((_, index) => first + index);
    const done = byWeights(builder, layer, turned, last);
    return done && addPlain(builder, 'Permute', { dims: others.map((axis) => there.indexOf(axis) + 1) }, [done]);
  }
  const isMap = rank === 4 && axes.length === 1;
  const map = isMap ? tensor : addReshape(builder, tensor, [null, null, 1, size]);
  if (map === undefined) return undefined;
  const kernel = [1, 1, size, 1];
  const done =
    settings.invert === true
      ? addDepthwise(builder, map, mapped(variance, kernel, deviation), mapped(mean, [size], Number))
      : addDepthwise(
          builder,
          addDepthwise(
            builder,
            map,
            mapped(variance, kernel, () => 1),
            mapped(mean, [size], negative),
          ),
          mapped(variance, kernel, inverse),
        );
  return isMap ? done : addReshape(builder, done, shape);
}

/** Each channel times a number, and plus one. */
function addDepthwise(builder: LayerBuilder, tensor: Source, kernel: Tensor, bias?: Tensor): Source {
  const { dtype } = outputOf(builder, tensor);
  const config: PlainObject = {
    dtype,
    trainable: false,
    kernel_size: [1, 1],
    strides: [1, 1],
    padding: 'valid',
    depth_multiplier: 1,
    data_format: 'channels_last',
    activation: 'linear',
    use_bias: bias !== undefined,
  };
  const weights: readonly Weight[] = [
    { name: 'depthwise_kernel', tensor: kernel },
    ...(bias === undefined ? [] : [{ name: 'bias', tensor: bias }]),
  ];
  return addPart(builder, 'DepthwiseConv2D', fromPlain(config) as JsonObject, [tensor], { weights });
}
