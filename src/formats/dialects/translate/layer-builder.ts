import {
  fromPlain,
  getMember,
  type JsonObject,
  type JsonValue,
  type PlainObject,
  toPlain,
  withMember,
} from '../../../json/json-value.js';
import { computeDtype, dtypePolicy } from '../../../layers/dtype-policy.js';
import { factsOf } from '../../../layers/known-layers.js';
import type { Shape } from '../../../layers/layer-facts.js';
import { operationName } from '../../../layers/operations/known-operations.js';
import type { CallArguments } from '../../../model/call-arguments.js';
import { generatedTensor, type Weight } from '../../../model/tensor.js';
import { objectOf } from '../bare-json.js';
import { type DialectPair, translateConfig } from './translate-config.js';

/** Input of a part: an input of the call that it stands for, or the part of that number. */
export type Source = { readonly input: number } | { readonly part: number };

/** Facts of a tensor that are known during translation. */
export interface TensorFacts {
  readonly shape: Shape | undefined;
  /** Dtype of its numbers. */
  readonly dtype: string;
}

/** One of the layers that replace a layer. */
export interface LayerPart {
  readonly className: string;
  /** Its purpose, as a suffix of its name; unused for the part that keeps the layer's name. */
  readonly role: string;
  /** In the target's dialect, without a name. */
  readonly config: JsonObject;
  readonly sources: readonly Source[];
  readonly output: TensorFacts;
  /** Weights of a layer that is made of constants. */
  readonly weights?: readonly Weight[];
  /** The arguments of the call, where they are more than the sources, which are its tensors by number. */
  readonly call?: CallArguments;
}

/** The parts for one layer, collected. */
export interface LayerBuilder {
  readonly parts: LayerPart[];
  readonly inputs: readonly TensorFacts[];
  readonly dialects: DialectPair;
  /** The layer's name, for messages. */
  readonly layer: string;
}

const ROLES: Readonly<Record<string, string>> = {
  DepthwiseConv2D: 'shift',
  Rescaling: 'scale',
  ReLU: 'clip',
  Multiply: 'product',
};

/** The facts of a source; of none, where the layer is never called. */
export function outputOf({ parts, inputs }: LayerBuilder, source: Source | undefined): TensorFacts {
  if (source !== undefined && 'part' in source) return parts[source.part]!.output;
  return (source && inputs[source.input]) ?? { shape: undefined, dtype: 'float32' };
}

/** The part that was added last. */
export const lastPart = ({ parts }: LayerBuilder): Source => ({ part: parts.length - 1 });

/** Adds a part that is in the target's dialect already. */
export function addPart(
  builder: LayerBuilder,
  className: string,
  config: JsonObject,
  sources: readonly Source[],
  more: Pick<LayerPart, 'weights' | 'call'> & { readonly output?: TensorFacts } = {},
): Source {
  const inputs = sources.map((source) => outputOf(builder, source));
  const settings = toPlain(config) as PlainObject;
  const shape = factsOf(className, settings).outputShape?.(
    settings,
    inputs.map((input) => input.shape),
  );
  const dtype = settings.dtype === undefined ? (inputs[0]?.dtype ?? 'float32') : dtypePolicy(settings);
  const role = ROLES[className] ?? operationName(className).toLowerCase();
  const output = { shape, dtype: dtype.replace('mixed_', '') };
  builder.parts.push({ className, role, config, sources, output, ...more });
  return lastPart(builder);
}

/** Adds a part by settings that mean the same everywhere, in the precision of its input. */
export function addPlain(
  builder: LayerBuilder,
  className: string,
  settings: PlainObject,
  sources: readonly Source[],
): Source {
  const { dtype } = outputOf(builder, sources[0]!);
  return addPart(builder, className, fromPlain({ dtype, ...settings }) as JsonObject, sources);
}

/** A Rescaling whose numbers keep their tokens. */
export function addRescaling(
  builder: LayerBuilder,
  scale: JsonValue,
  offset: JsonValue,
  sources: readonly Source[],
): Source {
  const { dtype } = outputOf(builder, sources[0]!);
  // It makes whole numbers single precision in every loader.
  const own = dtype.includes('float') ? dtype : 'float32';
  const config = fromPlain({ dtype: own, scale: null, offset: null }) as JsonObject;
  return addTranslated(builder, 'Rescaling', withMember(withMember(config, 'scale', scale), 'offset', offset), sources);
}

/** Puts a tensor into another shape, its first axis aside; undefined where more than one size is open. */
export function addReshape(builder: LayerBuilder, tensor: Source, shape: Shape): Source | undefined {
  const sizes = shape.slice(1);
  if (sizes.filter((size) => size === null).length > 1) return undefined;
  return addPlain(builder, 'Reshape', { target_shape: sizes.map((size) => size ?? -1) }, [tensor]);
}

/** Does a tensor into another shape, and says whether that is certain. */
export const reshapeTo = (builder: LayerBuilder, tensor: Source, shape: Shape): boolean =>
  addReshape(builder, tensor, shape) !== undefined;

/** Multiplies the last axis with a matrix of constants. @param fill puts them among zeros, row by row */
export function addProduct(
  builder: LayerBuilder,
  tensor: Source,
  [size, units]: readonly [number, number],
  fill: (values: Float32Array) => void,
): Source {
  const { dtype, shape } = outputOf(builder, tensor);
  const config: PlainObject = { dtype, trainable: false, units, activation: 'linear', use_bias: false };
  const kernel = generatedTensor([size, units], () => {
    const values = new Float32Array(size * units);
    fill(values);
    return values;
  });
  return addPart(builder, 'Dense', fromPlain(config) as JsonObject, [tensor], {
    weights: [{ name: 'kernel', tensor: kernel }],
    output: { dtype, shape: shape && [...shape.slice(0, -1), units] },
  });
}

/** Gives a tensor in the precision of a config's dtype: a Rescaling converts in every loader. */
export function inPrecision(builder: LayerBuilder, config: JsonObject, source: Source): Source {
  const isThere = computeDtype(toPlain(config) as PlainObject) === outputOf(builder, source).dtype;
  return isThere ? source : addIdentity(builder, config, source);
}

/** Adds a layer that returns its input, in the precision of a config's dtype. */
export function addIdentity(builder: LayerBuilder, config: JsonObject, source: Source): Source {
  const dtype = getMember(config, 'dtype');
  const written = objectOf([...(dtype === undefined ? [] : [['dtype', dtype] as const]), ...IDENTITY]);
  return addTranslated(builder, 'Rescaling', written, [source]);
}

const IDENTITY: readonly (readonly [string, JsonValue])[] = [
  ['scale', fromPlain(1)],
  ['offset', fromPlain(0)],
];

/** Translates a config into a part, followed by the translation of its activation. */
export function addTranslated(
  builder: LayerBuilder,
  className: string,
  config: JsonObject,
  sources: readonly Source[],
  call?: CallArguments,
): Source {
  const translated = translateConfig(className, config, builder.dialects, builder.layer);
  const { split } = translated;
  // A layer that is nothing but its activation is not needed beside it.
  const isAll = split !== undefined && factsOf(className, {}).onlyActivates;
  const before = isAll ? sources[0]! : addPart(builder, className, translated.config, sources, call && { call });
  if (split === undefined) return before;
  if (split.kind === 'layer')
    return addTranslated(builder, split.layer.className, withoutName(split.layer.config), [before]);
  return split.steps.reduce<Source>(
    (last, step) => addPlain(builder, step.className, step.settings, step.product ? [before, last] : [last]),
    before,
  );
}

const withoutName = (config: JsonObject): JsonObject =>
  objectOf(config.members.filter(({ key }) => key !== 'name').map(({ key, value }) => [key, value]));
