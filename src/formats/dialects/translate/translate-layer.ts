import {
  fromPlain,
  getMember,
  isArray,
  type PlainObject,
  toPlain,
  withMember,
  withoutMember,
} from '../../../json/json-value.js';
import { axisOf, isChannelsFirst, numberIn, spatialAxes } from '../../../layers/config.js';
import { factsOf } from '../../../layers/known-layers.js';
import type { LayerFacts } from '../../../layers/layer-facts.js';
import type { CallArguments } from '../../../model/call-arguments.js';
import type { Layer } from '../../../model/model.js';
import { wordedConfig } from '../bare-json.js';
import { cannotConvert } from './cannot-convert.js';
import { readConstant } from './constants.js';
import {
  addIdentity,
  addPlain,
  addRescaling,
  addTranslated,
  inPrecision,
  type LayerBuilder,
  lastPart,
  outputOf,
  type Source,
} from './layer-builder.js';
import { omissionOf } from './leaves-out.js';
import { normalize } from './normalization-rule.js';
import { readSerialized, type SerializedObject } from './translate-object.js';

type Rule = (builder: LayerBuilder, layer: Layer, sources: readonly Source[]) => Source | undefined;

/**
 * Translates a layer into the layers that replace it in another loader, the last of them giving its output.
 * @param call its arguments, where they are more than the sources
 * @throws RetrofitError `cannot-convert` for features that the loader lacks
 */
export function translateLayer(
  builder: LayerBuilder,
  layer: Layer,
  sources: readonly Source[],
  call?: CallArguments,
): void {
  const { className, config, settings } = layer;
  const { standIn, mostAxes, role } = factsOf(className, settings);
  const other = standIn?.(settings, builder.dialects.target);
  if (other !== undefined) {
    addTranslated(builder, other.className ?? className, wordedConfig(config, other), sources);
    return;
  }
  if (mostAxes?.isBuilt) refuseAxes(builder, layer, sources, mostAxes);
  const rule = role === 'global-pool' ? keepDimensions : RULES.get(className);
  if (rule?.(builder, layer, sources) === undefined) addTranslated(builder, className, config, sources, call);
}

/** Refuses an input of more axes than the loader computes. */
function refuseAxes(
  builder: LayerBuilder,
  { name, className }: Layer,
  sources: readonly Source[],
  { loader, count }: NonNullable<LayerFacts['mostAxes']>,
): void {
  const rank = outputOf(builder, sources[0]!).shape?.length;
  if (builder.dialects.target !== loader || rank === undefined || rank <= count) return;
  throw cannotConvert(
    name,
    'class_name',
    `TensorFlow.js loads a ${className} over ${rank} dimensions but cannot compute it`,
    'it computes those of dense layers and of convolutions in one and two dimensions',
  );
}

/** TensorFlow.js ignores `keepdims`: the lost dimensions come back by a Reshape. */
const keepDimensions: Rule = (builder, layer, sources) => {
  const { settings } = layer;
  if (builder.dialects.target !== 'tfjs' || settings.keepdims !== true) return undefined;
  const pooled = addTranslated(builder, layer.className, withoutMember(layer.config, 'keepdims'), sources);
  const rank = factsOf(layer.className, settings).spatialRank ?? 2;
  const ones = Array<number>(rank).fill(1);
  const channels = outputOf(builder, pooled).shape?.at(-1) ?? -1;
  const target_shape = isChannelsFirst(settings) ? [channels, ...ones] : [...ones, channels];
  return addPlain(builder, 'Reshape', { target_shape }, [pooled]);
};

const subtract: Rule = (builder, _layer, sources) => {
  if (builder.dialects.target !== 'tfjs') return undefined;
  const negative = addPlain(builder, 'Rescaling', { scale: -1, offset: 0 }, [sources[1]!]);
  return addPlain(builder, 'Add', {}, [sources[0]!, negative]);
};

/** Inception-ResNet's own layer, which either Keras registers for itself: inputs[0] + scale * inputs[1]. */
const customScale: Rule = (builder, layer, sources) => {
  const scale = getMember(layer.config, 'scale');
  if (scale === undefined || sources.length !== 2) return undefined;
  const scaled = addRescaling(builder, scale, fromPlain(0), [sources[1]!]);
  return addPlain(builder, 'Add', {}, [sources[0]!, scaled]);
};

/** NumPy arrays become lists, which TensorFlow.js broadcasts like a number. */
const rescaling: Rule = (builder, { config }, sources) => {
  if (builder.dialects.target !== 'tfjs') return undefined;
  const plain = ['scale', 'offset'].reduce((before, name) => {
    const numbers = readConstant(getMember(before, name));
    return numbers === undefined ? before : withMember(before, name, numbers.json);
  }, config);
  return addTranslated(builder, 'Rescaling', plain, sources);
};

/** TensorFlow.js counts from axis 1 by default and computes over the last one only. */
const softmax: Rule = (builder, layer, sources) => {
  if (builder.dialects.target !== 'tfjs') return undefined;
  const written = getMember(layer.config, 'axis') ?? fromPlain(-1);
  const axis = isArray(written) && written.items.length === 1 ? written.items[0]!.value : written;
  const rank = outputOf(builder, sources[0]!).shape?.length;
  const number = layer.settings.axis ?? -1;
  if (isArray(axis) || axisOf(number, rank ?? 0) !== (rank ?? 0) - 1) {
    throw cannotConvert(
      layer.name,
      'axis',
      'TensorFlow.js computes a Softmax over the last axis only',
      'rebuild the model with a Permute before the layer and one behind it',
    );
  }
  return addTranslated(builder, 'Softmax', withMember(layer.config, 'axis', fromPlain(-1)), sources);
};

/** TensorFlow.js computes with the statistics of the last axis, whatever the axis: the channels go there and back. */
const normalization: Rule = (builder, layer, sources) => {
  if (builder.dialects.target !== 'tfjs') return undefined;
  const rank = outputOf(builder, sources[0]!).shape?.length;
  const axis = rank === undefined ? undefined : axisOf(layer.settings.axis ?? -1, rank);
  const last = withMember(layer.config, 'axis', fromPlain(-1));
  if ((layer.settings.axis ?? -1) === -1 || (rank !== undefined && axis === rank - 1))
    return addTranslated(builder, layer.className, last, sources);
  if (rank === undefined || axis === undefined || axis < 1) {
    const isSeveral = Array.isArray(layer.settings.axis) && layer.settings.axis.length > 1;
    throw cannotConvert(
      layer.name,
      'axis',
      `TensorFlow.js normalises the last axis only, and ${isSeveral ? 'this layer several' : 'how many axes there are is not known'}`,
      isSeveral
        ? 'keep the model in the format it is in'
        : 'rebuild the model with a Permute before the layer and one behind it',
    );
  }
  const axes = Array.from({ length: rank - 1 }, (_, index) => index + 1);
  const there = [...axes.filter((each) => each !== axis), axis];
  const back = axes.map((each) => there.indexOf(each) + 1);
  const turned = addPlain(builder, 'Permute', { dims: there }, sources);
  return addPlain(builder, 'Permute', { dims: back }, [addTranslated(builder, layer.className, last, [turned])]);
};

/** A CenterCrop of an image that is large enough is a Cropping2D; a smaller image would be resized. */
const centerCrop: Rule = (builder, { config, settings }, sources) => {
  const shape = outputOf(builder, sources[0]!).shape;
  if (builder.dialects.target !== 'tfjs' || shape?.length !== 4) return undefined;
  const cropping = spatialAxes(settings, 2).map((axis, index) => {
    const rest = (shape[axis] ?? Number.NaN) - (numberIn(settings, index === 0 ? 'height' : 'width') ?? Number.NaN);
    return [Math.floor(rest / 2), rest - Math.floor(rest / 2)];
  });
  if (!cropping.flat().every((size) => size >= 0)) return undefined;
  const data_format = isChannelsFirst(settings) ? 'channels_first' : 'channels_last';
  return addPlain(builder, 'Cropping2D', { cropping, data_format }, [inPrecision(builder, config, sources[0]!)]);
};

/** The layers of a Pipeline one by one, but for those that the target has no use for. */
const pipeline: Rule = (builder, layer, sources) => {
  const { target } = builder.dialects;
  const list = getMember(layer.config, 'layers');
  const held = isArray(list) ? list.items.map((item) => readSerialized(item.value)) : [undefined];
  if (target === 'keras3' || held.includes(undefined)) return undefined;
  return (held as readonly SerializedObject[]).reduce<Source>((before, { className, config }) => {
    const settings = toPlain(config) as PlainObject;
    const inner: Layer = { name: layer.name, className, config, settings, calls: [], weights: [] };
    const omission = omissionOf(inner, outputOf(builder, before).dtype, target);
    if (omission === 'leave out') return before;
    if (omission === 'stand in') return addIdentity(builder, config, before);
    translateLayer(builder, inner, [before]);
    return lastPart(builder);
  }, sources[0]!);
};

const RULES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ['Rescaling', rescaling],
  ['Subtract', subtract],
  ['CustomScaleLayer', customScale],
  ['Softmax', softmax],
  ['BatchNormalization', normalization],
  ['Normalization', normalize],
  ['CenterCrop', centerCrop],
  ['Pipeline', pipeline],
]);
