import type { PlainObject } from '../json/json-value.js';
import { elementCount, numberIn } from './config.js';
import {
  ALL,
  commutes,
  KERAS,
  type LayerFacts,
  passesMask,
  type Shape,
  sameShape,
  type TfjsRefusal,
  type Wording,
} from './layer-facts.js';
import { onePerAxis, type SizeRules, TARGET_SHAPE, wholeNumber } from './size-rules.js';

/** Layers that move numbers without changing them. */
const moving = (
  className: string,
  role: LayerFacts['role'],
  fields: string,
  sizes: SizeRules,
  outputShape: NonNullable<LayerFacts['outputShape']>,
  more: Partial<LayerFacts> = {},
): LayerFacts => ({
  className,
  role,
  loads: ALL,
  fields,
  sizes,
  outputShape,
  weights: () => [],
  scaling: commutes,
  ...more,
});

function reshaped(config: PlainObject, [input]: readonly (Shape | undefined)[]): Shape | undefined {
  const target = config.target_shape;
  if (!Array.isArray(target) || !target.every((size) => typeof size === 'number' || size === null)) return undefined;
  const sizes = target as readonly (number | null)[];
  const total = elementCount(input?.slice(1));
  const known = sizes.filter((size): size is number => size !== null && size >= 0);
  const rest = total === null ? null : total / known.reduce((product, size) => product * size, 1);
  return [input?.[0] ?? null, ...sizes.map((size) => (size !== null && size >= 0 ? size : rest))];
}

/** It writes null for a size that is left open. */
const openSizes = ({ target_shape: sizes }: PlainObject): PlainObject =>
  Array.isArray(sizes) && sizes.includes(null) ? { target_shape: sizes.map((size) => size ?? -1) } : {};

/** A size of -1 stays unknown to the layers behind. Where none wants to know it, TensorFlow.js works it out with the numbers. */
function knownTarget(config: PlainObject, calls: readonly (Shape | undefined)[]): Wording | undefined {
  const target = config.target_shape;
  if (!Array.isArray(target) || !target.includes(-1)) return undefined;
  const [sizes, ...others] = calls.map((shape) => reshaped(config, [shape])?.slice(1));
  if (sizes === undefined || sizes.includes(null) || others.some((other) => String(other) !== String(sizes)))
    return undefined;
  return { fields: { target_shape: sizes } };
}

/** A Flatten wants three axes or more; of what is flat already it is a Reshape into itself. */
function flatAlready(_config: PlainObject, calls: readonly (Shape | undefined)[]): Wording | TfjsRefusal | undefined {
  if (!calls.some((shape) => shape?.length === 2)) return undefined;
  const sizes = new Set(calls.map((shape) => shape?.[1]));
  const [size] = sizes;
  if (typeof size === 'number' && sizes.size === 1)
    return { className: 'Reshape', fields: { data_format: undefined, target_shape: [size] } };
  return {
    field: 'class_name',
    reason: 'it is a Flatten of what is flat already, which TensorFlow.js does not build',
    hint: 'leave the layer out of the model',
  };
}

function permuted(config: PlainObject, [input]: readonly (Shape | undefined)[]): Shape | undefined {
  const dims = config.dims;
  if (input === undefined || !Array.isArray(dims)) return undefined;
  return [input[0] ?? null, ...dims.map((axis) => (typeof axis === 'number' ? (input[axis] ?? null) : null))];
}

const flattened = (_config: PlainObject, [input]: readonly (Shape | undefined)[]): Shape | undefined =>
  input === undefined ? undefined : [input[0] ?? null, elementCount(input.slice(1))];

const repeated = (config: PlainObject, [input]: readonly (Shape | undefined)[]): Shape | undefined =>
  input === undefined ? undefined : [input[0] ?? null, numberIn(config, 'n') ?? null, input[1] ?? null];

export const RESHAPES: readonly LayerFacts[] = [
  moving('Reshape', 'reshape', 'target_shape', { target_shape: TARGET_SHAPE }, reshaped, {
    readByTfjs: openSizes,
    writtenForTfjs: knownTarget,
    keeps: 'order',
    keepsOnlyOutput: true,
  }),
  moving('Permute', 'reshape', 'dims', { dims: onePerAxis(1, undefined) }, permuted, { keeps: 'neither' }),
  moving('Flatten', 'flatten', 'data_format', {}, flattened, {
    writtenForTfjs: flatAlready,
    keeps: 'order',
    keepsOnlyOutput: true,
  }),
  moving('RepeatVector', 'reshape', 'n', { n: wholeNumber(0) }, repeated, { keeps: 'neither' }),
  moving('Identity', 'reshape', '', {}, sameShape, {
    loads: KERAS,
    masking: passesMask,
    keeps: 'channels',
    standIn: (_config, loader) =>
      loader === 'tfjs' ? { className: 'Activation', fields: { activation: 'linear' } } : undefined,
  }),
];
