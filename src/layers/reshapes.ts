import type { PlainObject } from '../json/json-value.js';
import { elementCount, numberIn } from './config.js';
import { ALL, commutes, KERAS, type LayerFacts, passesMask, type Shape, sameShape } from './layer-facts.js';
import { onePerAxis, type SizeRules, TARGET_SHAPE, wholeNumber } from './size-rules.js';

/** Layers that move numbers without changing them. */
const moving = (
  className: string,
  role: LayerFacts['role'],
  fields: string,
  sizes: SizeRules,
  outputShape: NonNullable<LayerFacts['outputShape']>,
): LayerFacts => ({
  className,
  role,
  loads: ALL,
  fields,
  sizes,
  outputShape,
  weights: () => [],
  scaling: commutes,
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

function permuted(config: PlainObject, [input]: readonly (Shape | undefined)[]): Shape | undefined {
  const dims = config.dims;
  if (input === undefined || !Array.isArray(dims)) return undefined;
  return [input[0] ?? null, ...dims.map((axis) => (typeof axis === 'number' ? (input[axis] ?? null) : null))];
}

export const RESHAPES: readonly LayerFacts[] = [
  moving('Reshape', 'reshape', 'target_shape', { target_shape: TARGET_SHAPE }, reshaped),
  moving('Permute', 'reshape', 'dims', { dims: onePerAxis(1, undefined) }, permuted),
  moving('Flatten', 'flatten', 'data_format', {}, (_config, [input]) =>
    input === undefined ? undefined : [input[0] ?? null, elementCount(input.slice(1))],
  ),
  moving('RepeatVector', 'reshape', 'n', { n: wholeNumber(0) }, (config, [input]) =>
    input === undefined ? undefined : [input[0] ?? null, numberIn(config, 'n') ?? null, input[1] ?? null],
  ),
  { ...moving('Identity', 'reshape', '', {}, sameShape), loads: KERAS, masking: passesMask },
];
