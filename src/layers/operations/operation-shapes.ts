import type { Plain, PlainObject } from '../../json/json-value.js';
import { axisOf, elementCount, isChannelsFirst, numberIn } from '../config.js';
import type { Shape } from '../layer-facts.js';

// The shapes that operations give, from their settings and the shapes of what they take.

/** The shape that numbers of these shapes broadcast to, aligned at the last axis as NumPy does. */
export function broadcast(_config: PlainObject, inputs: readonly (Shape | undefined)[]): Shape | undefined {
  if (inputs.length === 0 || inputs.includes(undefined)) return undefined;
  const shapes = inputs as readonly Shape[];
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    const sizes = shapes.map((shape) => shape[axis - rank + shape.length] ?? (axis < rank - shape.length ? 1 : null));
    return sizes.find((size) => size !== null && size !== 1) ?? (sizes.includes(null) ? null : 1);
  });
}

export const axesOf = (config: PlainObject): readonly number[] | undefined => {
  const { axis } = config;
  if (typeof axis === 'number') return [axis];
  return Array.isArray(axis) && axis.every((each) => typeof each === 'number')
    ? (axis as readonly number[])
    : undefined;
};

export function reduced(config: PlainObject, [input]: readonly (Shape | undefined)[]): Shape | undefined {
  const axes = axesOf(config);
  if (input === undefined || axes === undefined) return undefined;
  const gone = axes.map((axis) => axisOf(axis, input.length));
  return input.flatMap((size, axis) => (gone.includes(axis) ? (config.keepdims === true ? [1] : []) : [size]));
}

export function reshaped(config: PlainObject, [input]: readonly (Shape | undefined)[]): Shape | undefined {
  const target = config.newshape ?? config.new_shape ?? config.shape;
  if (!Array.isArray(target) || !target.every((size) => typeof size === 'number' || size === null)) return undefined;
  const sizes = target as Shape;
  const total = elementCount(input);
  const known = sizes.filter((size) => size !== null && size >= 0);
  const rest = total === null ? null : total / elementCount(known)!;
  return sizes.map((size) => (size !== null && size >= 0 ? size : rest));
}

export function transposed(config: PlainObject, [input]: readonly (Shape | undefined)[]): Shape | undefined {
  const { axes } = config;
  if (input === undefined || !Array.isArray(axes)) return undefined;
  return axes.map((axis) => input[axisOf(axis, input.length) ?? -1] ?? null);
}

/** The order of all axes after two have changed places. */
export function swappedAxes({ axis1, axis2 }: PlainObject, rank: number): readonly number[] | undefined {
  const [one, other] = [axisOf(axis1, rank), axisOf(axis2, rank)];
  if (one === undefined || other === undefined) return undefined;
  return Array.from({ length: rank }, (_, axis) => (axis === one ? other : axis === other ? one : axis));
}

/** The order of all axes after some have been put elsewhere. */
export function movedAxes({ source, destination }: PlainObject, rank: number): readonly number[] | undefined {
  const at = (value: Plain | undefined) => [value ?? []].flat().map((axis) => axisOf(axis as Plain, rank));
  const [from, to] = [at(source), at(destination)];
  if (from.length === 0 || from.length !== to.length || [...from, ...to].includes(undefined)) return undefined;
  if (new Set(from).size < from.length || new Set(to).size < to.length) return undefined;
  const axes = Array.from({ length: rank }, (_, axis) => axis);
  const rest = axes.filter((axis) => !from.includes(axis));
  return axes.map((axis) => (to.includes(axis) ? from[to.indexOf(axis)]! : rest.shift()!));
}

export function padded(config: PlainObject, [input]: readonly (Shape | undefined)[]): Shape | undefined {
  const { pad_width: widths } = config;
  if (input === undefined || !Array.isArray(widths) || widths.length !== input.length) return undefined;
  return input.map((size, axis) => {
    const [before, after] = [widths[axis]].flat();
    return size === null || typeof before !== 'number' || typeof after !== 'number' ? null : before + size + after;
  });
}

export function tiled({ repeats }: PlainObject, [input]: readonly (Shape | undefined)[]): Shape | undefined {
  if (input === undefined || !Array.isArray(repeats) || repeats.length !== input.length) return undefined;
  return input.map((size, axis) => (size === null || typeof repeats[axis] !== 'number' ? null : size * repeats[axis]));
}

/** The product of matrices, which the last two axes hold; of one with a vector, and of other axes that differ, nothing. */
export function multiplied(_config: PlainObject, [left, right]: readonly (Shape | undefined)[]): Shape | undefined {
  if (left === undefined || left.length < 2 || left.length !== right?.length) return undefined;
  const stacked = broadcast({}, [left.slice(0, -2), right.slice(0, -2)]);
  return stacked && [...stacked, left.at(-2)!, right.at(-1)!];
}

/** One of as many equal parts. Of a list, which holds places in Keras 3 and sizes in TensorFlow, each may be another. */
export function part(config: PlainObject, [input]: readonly (Shape | undefined)[]): Shape | undefined {
  const sections = numberIn(config, 'indices_or_sections');
  const axis = input && axisOf(config.axis ?? 0, input.length);
  if (input === undefined || axis === undefined) return undefined;
  return input.map((size, at) =>
    at !== axis || size === null ? size : sections === undefined ? null : size / sections,
  );
}

export function resized(config: PlainObject, [input]: readonly (Shape | undefined)[]): Shape | undefined {
  const { size } = config;
  if (input?.length !== 4 || !Array.isArray(size) || !size.every((each) => typeof each === 'number')) return undefined;
  const [height, width] = size as readonly number[];
  return isChannelsFirst(config) ? [input[0]!, input[1]!, height!, width!] : [input[0]!, height!, width!, input[3]!];
}

export function squeezed(config: PlainObject, [input]: readonly (Shape | undefined)[]): Shape | undefined {
  const axes = axesOf(config);
  if (input === undefined || axes === undefined) return undefined;
  const gone = axes.map((axis) => axisOf(axis, input.length));
  return input.filter((_, axis) => !gone.includes(axis));
}

export function expanded(config: PlainObject, [input]: readonly (Shape | undefined)[]): Shape | undefined {
  const axes = axesOf(config);
  if (input === undefined || axes === undefined) return undefined;
  const rank = input.length + axes.length;
  const added = axes.map((axis) => axisOf(axis, rank));
  const rest = [...input];
  return Array.from({ length: rank }, (_, axis) => (added.includes(axis) ? 1 : rest.shift()!));
}

const BLOCK_FORMATS: readonly (Plain | undefined)[] = [undefined, 'NHWC', 'channels_last', 'channels_first'];

export const blockSize = (config: PlainObject): number => numberIn(config, 'block_size') ?? 2;

export function spread(config: PlainObject, [input]: readonly (Shape | undefined)[]): Shape | undefined {
  if (input?.length !== 4 || !BLOCK_FORMATS.includes(config.data_format)) return undefined;
  const block = blockSize(config);
  const channels = isChannelsFirst(config) ? 1 : 3;
  return input.map((size, axis) => {
    if (axis === 0 || size === null) return size;
    return axis === channels ? size / block ** 2 : size * block;
  });
}
