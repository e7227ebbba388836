import { fromPlain, type JsonObject, type PlainObject } from '../../../json/json-value.js';
import { axisOf } from '../../../layers/config.js';
import type { Shape } from '../../../layers/layer-facts.js';
import { generatedTensor } from '../../../model/tensor.js';
import { numbersIn } from './constants.js';
import { FULL, type IndexPart, isFull, readIndex } from './index-keys.js';
import { addPiece, addPlain, outputOf, type PieceBox, type Source } from './layer-pieces.js';
import {
  hasOnly,
  numbersOf,
  type Operation,
  type OperationRule,
  onlyTensor,
  settingsOf,
  tensorOf,
} from './operation-rules.js';

// Operations that pick numbers, or put them into another shape: croppings, and products with a matrix of ones and zeros.

/** Puts a tensor into another shape, its first axis aside; undefined where more than one size is open. */
function addReshape(box: PieceBox, tensor: Source, shape: Shape): Source | undefined {
  const sizes = shape.slice(1);
  if (sizes.filter((size) => size === null).length > 1) return undefined;
  return addPlain(box, 'Reshape', { target_shape: sizes.map((size) => size ?? -1) }, [tensor]);
}

const reshapeTo = (box: PieceBox, tensor: Source, shape: Shape): boolean =>
  addReshape(box, tensor, shape) !== undefined;

/** The numbers at these places of the last axis: a product with a matrix that has one 1 a column changes none of them. */
function pickLast(box: PieceBox, tensor: Source, indices: readonly number[], size: number): Source {
  const { dtype, shape } = outputOf(box, tensor);
  const units = indices.length;
  const config: PlainObject = { dtype, trainable: false, units, activation: 'linear', use_bias: false };
  const kernel = generatedTensor([size, units], () => {
    const values = new Float32Array(size * units);
    for (const [column, row] of indices.entries()) values[row * units + column] = 1;
    return values;
  });
  return addPiece(box, 'Dense', fromPlain(config) as JsonObject, [tensor], {
    weights: [{ name: 'kernel', tensor: kernel }],
    output: { dtype, shape: shape && [...shape.slice(0, -1), units] },
  });
}

/** Places of an axis counted from its front; undefined where one is outside. */
function placesIn(indices: readonly number[], size: number): readonly number[] | undefined {
  const places = indices.map((index) => (index < 0 ? index + size : index));
  return places.every((place) => Number.isInteger(place) && place >= 0 && place < size) ? places : undefined;
}

const take: OperationRule = ({ box, arguments: [first, second, ...more], ...operation }) => {
  const tensor = tensorOf(first);
  const indices = numbersOf(second);
  const { axis, ...rest } = settingsOf(operation);
  const shape = tensor && outputOf(box, tensor).shape;
  if (tensor === undefined || shape === undefined || indices === undefined || more.length > 0 || !hasOnly(rest))
    return false;
  const size = shape.at(-1) ?? null;
  if (size === null || shape.length < 2 || axisOf(axis, shape.length) !== shape.length - 1) return false;
  const places = placesIn(numbersIn(indices), size);
  if (places === undefined || indices.shape.length > 1) return false;
  const picked = pickLast(box, tensor, places, size);
  return indices.shape.length === 1 || reshapeTo(box, picked, shape.slice(0, -1));
};

const flip: OperationRule = (operation) => {
  const tensor = onlyTensor(operation);
  const shape = tensor && outputOf(operation.box, tensor).shape;
  const { axis, ...rest } = settingsOf(operation);
  const size = shape?.at(-1) ?? null;
  if (tensor === undefined || shape === undefined || size === null || !hasOnly(rest)) return false;
  if (shape.length < 2 || axisOf(axis, shape.length) !== shape.length - 1) return false;
  pickLast(
    operation.box,
    tensor,
    Array.from({ length: size }, (_, index) => size - 1 - index),
    size,
  );
  return true;
};

const stack: OperationRule = ({ box, arguments: [first, ...more], ...operation }) => {
  const { axis, ...rest } = settingsOf(operation);
  if (first?.kind !== 'tensors' || more.length > 0 || !hasOnly(rest)) return false;
  const shapes = first.inputs.map((input) => outputOf(box, { input }).shape);
  const rank = shapes[0]?.length;
  const at = rank === undefined ? undefined : axisOf(axis ?? 0, rank + 1);
  if (at === undefined || at < 1 || shapes.some((shape) => shape?.length !== rank)) return false;
  const parts = first.inputs.map((input, index) => addReshape(box, { input }, shapes[index]!.toSpliced(at, 0, 1)));
  if (parts.includes(undefined)) return false;
  addPlain(box, 'Concatenate', { axis: at }, parts as readonly Source[]);
  return true;
};

const expandDims: OperationRule = (operation) => {
  const tensor = onlyTensor(operation);
  const { axis, ...rest } = settingsOf(operation);
  const shape = tensor && outputOf(operation.box, tensor).shape;
  const at = shape && axisOf(axis, shape.length + 1);
  if (tensor === undefined || at === undefined || at < 1 || !hasOnly(rest)) return false;
  return reshapeTo(operation.box, tensor, [...shape!.slice(0, at), 1, ...shape!.slice(at)]);
};

const squeeze: OperationRule = (operation) => {
  const tensor = onlyTensor(operation);
  const { axis, ...rest } = settingsOf(operation);
  const shape = tensor && outputOf(operation.box, tensor).shape;
  if (tensor === undefined || shape === undefined || axis === undefined || !hasOnly(rest)) return false;
  const gone = [axis].flat().map((each) => axisOf(each as number, shape.length));
  if (!gone.every((each) => each !== undefined && each > 0 && shape[each] === 1)) return false;
  return reshapeTo(
    operation.box,
    tensor,
    shape.filter((_, index) => !gone.includes(index)),
  );
};

const transpose: OperationRule = (operation) => {
  const tensor = onlyTensor(operation);
  const { axes, ...rest } = settingsOf(operation);
  const rank = tensor && outputOf(operation.box, tensor).shape?.length;
  if (tensor === undefined || rank === undefined || !Array.isArray(axes) || !hasOnly(rest)) return false;
  const dims = axes.map((axis) => axisOf(axis as number, rank));
  if (dims[0] !== 0 || dims.length !== rank || new Set(dims).size < rank) return false;
  addPlain(operation.box, 'Permute', { dims: dims.slice(1) as readonly number[] }, [tensor]);
  return true;
};

/** One part an axis of the tensor, and where new axes come in between. */
interface Indexed {
  readonly parts: readonly Exclude<IndexPart, { kind: 'ellipsis' | 'new-axis' }>[];
  /** Before which axis each new one stands. */
  readonly fresh: readonly number[];
}

function spread(parts: readonly IndexPart[], rank: number): Indexed | undefined {
  const given = parts.filter(({ kind }) => kind === 'number' || kind === 'slice').length;
  const dots = parts.filter(({ kind }) => kind === 'ellipsis').length;
  if (dots > 1 || given > rank) return undefined;
  const rest = Array.from({ length: rank - given }, () => FULL);
  const filled = dots === 0 ? [...parts, ...rest] : parts.flatMap((part) => (part.kind === 'ellipsis' ? rest : [part]));
  const own: Exclude<IndexPart, { kind: 'ellipsis' | 'new-axis' }>[] = [];
  const fresh: number[] = [];
  for (const part of filled) {
    if (part.kind === 'new-axis') fresh.push(own.length);
    else if (part.kind !== 'ellipsis') own.push(part);
  }
  return { parts: own, fresh };
}

/** The places that a part takes of an axis of known size, as Python does it. */
function placesOf(part: Indexed['parts'][number], size: number): readonly number[] | undefined {
  if (part.kind === 'number') return placesIn([part.at], size);
  const step = part.step ?? 1;
  if (step === 0) return undefined;
  const clamp = (end: number) =>
    Math.min(Math.max(end < 0 ? end + size : end, step < 0 ? -1 : 0), step < 0 ? size - 1 : size);
  const start = part.start === null ? (step < 0 ? size - 1 : 0) : clamp(part.start);
  const stop = part.stop === null ? (step < 0 ? -1 : size) : clamp(part.stop);
  const count = Math.max(Math.ceil((stop - start) / step), 0);
  return Array.from({ length: count }, (_, index) => start + index * step);
}

/** Numbers of the last axis, and stretches of the axes of a map. */
const getItem: OperationRule = ({ box, arguments: [first, second, ...more], ...operation }: Operation) => {
  const tensor = tensorOf(first);
  const shape = tensor && outputOf(box, tensor).shape;
  const key = second?.kind === 'constant' ? readIndex(second.json) : undefined;
  const indexed = key && shape && spread(key, shape.length);
  if (tensor === undefined || shape === undefined || more.length > 0 || !hasOnly(settingsOf(operation))) return false;
  if (indexed === undefined || !isFull(indexed.parts[0]!) || indexed.fresh.includes(0)) return false;
  const picked = indexed.parts.map((part, axis) =>
    isFull(part) ? undefined : placesOf(part, shape[axis] ?? Number.NaN),
  );
  const isKnown = indexed.parts.every(
    (part, axis) => isFull(part) || (shape[axis] !== null && picked[axis] !== undefined && picked[axis].length > 0),
  );
  if (!isKnown) return false;

  const last = shape.length - 1;
  let result: Source = tensor;
  const channels = picked[last];
  if (channels !== undefined) result = pickLast(box, result, channels, shape[last]!);
  if (picked.slice(1, last).some((places) => places !== undefined)) {
    const cropped = crop(box, result, shape, picked);
    if (cropped === undefined) return false;
    result = cropped;
  }
  const sizes = indexed.parts.flatMap((part, axis): Shape => {
    const fresh = indexed.fresh.filter((at) => at === axis).map(() => 1);
    const own = part.kind === 'number' ? [] : [picked[axis]?.length ?? shape[axis]!];
    return [...fresh, ...own];
  });
  const ends = indexed.fresh.filter((at) => at === shape.length).map(() => 1);
  const isReshaped = indexed.fresh.length > 0 || indexed.parts.some(({ kind }) => kind === 'number');
  if (isReshaped) return reshapeTo(box, result, [...sizes, ...ends]);
  if (result === tensor) addPlain(box, 'Rescaling', { scale: 1, offset: 0 }, [tensor]);
  return true;
};

/** Stretches of the places of a map, every nth of which a pooling of one place at a time picks. */
function crop(
  box: PieceBox,
  tensor: Source,
  shape: Shape,
  picked: readonly (readonly number[] | undefined)[],
): Source | undefined {
  // TensorFlow.js crops maps of two dimensions alone: a row of places is a map of one column.
  if (shape.length !== 3 && shape.length !== 4) return undefined;
  const channels = outputOf(box, tensor).shape!.at(-1)!;
  const row = shape.length === 3;
  const places = [picked[1], row ? undefined : picked[2]];
  const steps = places.map((own) => (own === undefined || own.length < 2 ? 1 : own[1]! - own[0]!));
  if (steps.some((step) => step < 1)) return undefined;
  const cropping = places.map((own, axis) =>
    own === undefined ? [0, 0] : [own[0]!, shape[axis + 1]! - 1 - own.at(-1)!],
  );
  const map = row ? addReshape(box, tensor, [null, shape[1]!, 1, channels]) : tensor;
  if (map === undefined) return undefined;
  const data_format = 'channels_last';
  const cropped = addPlain(box, 'Cropping2D', { cropping, data_format }, [map]);
  const strided = steps.every((step) => step === 1)
    ? cropped
    : addPlain(box, 'MaxPooling2D', { pool_size: [1, 1], strides: steps, padding: 'valid', data_format }, [cropped]);
  return row ? addReshape(box, strided, [null, picked[1]!.length, channels]) : strided;
}

/** By the name of the class in Keras 3. */
export const INDEXING: Readonly<Record<string, OperationRule>> = {
  GetItem: getItem,
  Take: take,
  Flip: flip,
  Stack: stack,
  ExpandDims: expandDims,
  Squeeze: squeeze,
  Transpose: transpose,
};
