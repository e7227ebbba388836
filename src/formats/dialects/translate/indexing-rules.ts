import { fromPlain, type JsonObject } from '../../../json/json-value.js';
import { axisOf } from '../../../layers/config.js';
import type { Shape } from '../../../layers/layer-facts.js';
import { generatedTensor } from '../../../model/tensor.js';
import { numbersIn } from './constants.js';
import { indexedShape, isFull, placesIn, placesOf, readIndex, spread } from './index-keys.js';
import {
  addPart,
  addPlain,
  addProduct,
  addReshape,
  type LayerBuilder,
  outputOf,
  reshapeTo,
  type Source,
} from './layer-builder.js';
import {
  blockOf,
  hasOnly,
  numbersOf,
  type OperationCall,
  type OperationRule,
  onlyTensor,
  settingsOf,
  tensorOf,
} from './operation-rules.js';

// Operations that pick numbers, or put them into another shape: croppings, and products with a matrix of ones and zeros.

/** The numbers at these places of an axis, which is the last one for the time being. */
function pick(builder: LayerBuilder, tensor: Source, axis: number, places: readonly number[], size: number): Source {
  const rank = outputOf(builder, tensor).shape!.length;
  if (axis === rank - 1) return pickLast(builder, tensor, places, size);
  const axes = Array.from({ length: rank - 1 }, (_, index) => index + 1);
  const there = [...axes.filter((each) => each !== axis), axis];
  const back = axes.map((each) => there.indexOf(each) + 1);
  const turned = addPlain(builder, 'Permute', { dims: there }, [tensor]);
  return addPlain(builder, 'Permute', { dims: back }, [pickLast(builder, turned, places, size)]);
}

/** The numbers at these places of the last axis: a product with a matrix that has one 1 a column changes none of them. */
const pickLast = (builder: LayerBuilder, tensor: Source, indices: readonly number[], size: number): Source =>
  addProduct(builder, tensor, [size, indices.length], (values) => {
    for (const [column, row] of indices.entries()) values[row * indices.length + column] = 1;
  });

const take: OperationRule = ({ builder, arguments: [first, second, ...more], ...operation }) => {
  const tensor = tensorOf(first);
  const indices = numbersOf(second);
  const { axis, ...rest } = settingsOf(operation);
  const shape = tensor && outputOf(builder, tensor).shape;
  if (tensor === undefined || shape === undefined || indices === undefined || more.length > 0 || !hasOnly(rest))
    return false;
  const at = axisOf(axis, shape.length) ?? 0;
  const size = shape[at] ?? null;
  if (size === null || at < 1) return false;
  const places = placesIn(numbersIn(indices), size);
  if (places === undefined || indices.shape.length > 1) return false;
  const picked = pick(builder, tensor, at, places, size);
  return indices.shape.length === 1 || reshapeTo(builder, picked, shape.toSpliced(at, 1));
};

const flip: OperationRule = (operation) => {
  const tensor = onlyTensor(operation);
  const shape = tensor && outputOf(operation.builder, tensor).shape;
  const { axis, ...rest } = settingsOf(operation);
  const size = shape?.at(-1) ?? null;
  if (tensor === undefined || shape === undefined || size === null || !hasOnly(rest)) return false;
  if (shape.length < 2 || axisOf(axis, shape.length) !== shape.length - 1) return false;
  pickLast(
    operation.builder,
    tensor,
    Array.from({ length: size }, (_, index) => size - 1 - index),
    size,
  );
  return true;
};

const stack: OperationRule = ({ builder, arguments: [first, ...more], ...operation }) => {
  const { axis, ...rest } = settingsOf(operation);
  if (first?.kind !== 'tensors' || more.length > 0 || !hasOnly(rest)) return false;
  const shapes = first.inputs.map((input) => outputOf(builder, { input }).shape);
  const rank = shapes[0]?.length;
  const at = rank === undefined ? undefined : axisOf(axis ?? 0, rank + 1);
  if (at === undefined || at < 1 || shapes.some((shape) => shape?.length !== rank)) return false;
  const parts = first.inputs.map((input, index) => addReshape(builder, { input }, shapes[index]!.toSpliced(at, 0, 1)));
  if (parts.includes(undefined)) return false;
  addPlain(builder, 'Concatenate', { axis: at }, parts as readonly Source[]);
  return true;
};

const expandDims: OperationRule = (operation) => {
  const tensor = onlyTensor(operation);
  const { axis, ...rest } = settingsOf(operation);
  const shape = tensor && outputOf(operation.builder, tensor).shape;
  const at = shape && axisOf(axis, shape.length + 1);
  if (tensor === undefined || at === undefined || at < 1 || !hasOnly(rest)) return false;
  return reshapeTo(operation.builder, tensor, [...shape!.slice(0, at), 1, ...shape!.slice(at)]);
};

const squeeze: OperationRule = (operation) => {
  const tensor = onlyTensor(operation);
  const { axis, ...rest } = settingsOf(operation);
  const shape = tensor && outputOf(operation.builder, tensor).shape;
  if (tensor === undefined || shape === undefined || axis === undefined || !hasOnly(rest)) return false;
  const gone = [axis].flat().map((each) => axisOf(each as number, shape.length));
  if (!gone.every((each) => each !== undefined && each > 0 && shape[each] === 1)) return false;
  return reshapeTo(
    operation.builder,
    tensor,
    shape.filter((_, index) => !gone.includes(index)),
  );
};

const transpose: OperationRule = (operation) => {
  const tensor = onlyTensor(operation);
  const { axes, ...rest } = settingsOf(operation);
  const rank = tensor && outputOf(operation.builder, tensor).shape?.length;
  if (tensor === undefined || rank === undefined || !Array.isArray(axes) || !hasOnly(rest)) return false;
  const dims = axes.map((axis) => axisOf(axis as number, rank));
  if (dims[0] !== 0 || dims.length !== rank || new Set(dims).size < rank) return false;
  addPlain(operation.builder, 'Permute', { dims: dims.slice(1) as readonly number[] }, [tensor]);
  return true;
};

/**
 * Channels become places: each takes a row and a column of a block, which are axes of their own for a moment. In a map of
 * any size a transposed convolution puts them there, with a kernel that has one 1 a channel.
 */
const depthToSpace: OperationRule = (operation) => {
  const { builder } = operation;
  const tensor = onlyTensor(operation);
  const block = blockOf(operation)?.block_size;
  const { shape, dtype } = tensor === undefined ? {} : outputOf(builder, tensor);
  const channels = shape?.at(-1) ?? null;
  if (tensor === undefined || block === undefined || shape?.length !== 4 || channels === null) return false;
  const kept = channels / block ** 2;
  if (!Number.isInteger(kept)) return false;
  const [batch = null, height, width] = shape;
  if (height != null && width != null) {
    const apart = addReshape(builder, tensor, [batch, height, width, block, block, kept])!;
    const turned = addPlain(builder, 'Permute', { dims: [1, 3, 2, 4, 5] }, [apart]);
    return reshapeTo(builder, turned, [batch, height * block, width * block, kept]);
  }
  const settings = { filters: kept, kernel_size: [block, block], strides: [block, block], padding: 'valid' };
  const config = { dtype, trainable: false, ...settings, data_format: 'channels_last', use_bias: false };
  const kernel = generatedTensor([block, block, kept, channels], () => {
    const values = new Float32Array(channels ** 2);
    for (let index = 0; index < channels; index++) values[index * channels + index] = 1;
    return values;
  });
  addPart(builder, 'Conv2DTranspose', fromPlain({ ...config, activation: 'linear' }) as JsonObject, [tensor], {
    weights: [{ name: 'kernel', tensor: kernel }],
  });
  return true;
};

/** Stretches of the axes of a map, and any places of one axis after the other. */
const getItem: OperationRule = ({ builder, arguments: [first, second, ...more], ...operation }: OperationCall) => {
  const tensor = tensorOf(first);
  const shape = tensor && outputOf(builder, tensor).shape;
  const key = second?.kind === 'constant' ? readIndex(second.json) : undefined;
  const indexed = key && shape && spread(key, shape.length);
  if (tensor === undefined || shape === undefined || key === undefined || more.length > 0) return false;
  if (
    !hasOnly(settingsOf(operation)) ||
    indexed === undefined ||
    !isFull(indexed.parts[0]!) ||
    indexed.fresh.includes(0)
  )
    return false;
  const picked = indexed.parts.map((part, axis) =>
    isFull(part) || shape[axis] == null ? undefined : placesOf(part, shape[axis]),
  );
  if (indexed.parts.some((part, axis) => !isFull(part) && !picked[axis]?.length)) return false;

  const cropped = crop(builder, tensor, shape, picked);
  let result = cropped ?? tensor;
  for (const [axis, places] of picked.entries()) {
    const isCropped = cropped !== undefined && axis < shape.length - 1;
    if (places !== undefined && !isCropped) result = pick(builder, result, axis, places, shape[axis]!);
  }
  const isReshaped = indexed.fresh.length > 0 || indexed.parts.some(({ kind }) => kind === 'number');
  if (isReshaped) return reshapeTo(builder, result, indexedShape(key, shape)!);
  if (result === tensor) addPlain(builder, 'Rescaling', { scale: 1, offset: 0 }, [tensor]);
  return true;
};

/** Stretches of the places of a map, every nth of which a pooling of one place at a time picks. */
function crop(
  builder: LayerBuilder,
  tensor: Source,
  shape: Shape,
  picked: readonly (readonly number[] | undefined)[],
): Source | undefined {
  // TensorFlow.js crops maps of two dimensions alone: a row of places is a map of one column.
  if ((shape.length !== 3 && shape.length !== 4) || picked.slice(1, -1).every((own) => own === undefined))
    return undefined;
  const channels = outputOf(builder, tensor).shape!.at(-1)!;
  const row = shape.length === 3;
  const places = [picked[1], row ? undefined : picked[2]];
  const steps = places.map((own) => (own === undefined || own.length < 2 ? 1 : own[1]! - own[0]!));
  if (steps.some((step) => step < 1)) return undefined;
  const cropping = places.map((own, axis) =>
    own === undefined ? [0, 0] : [own[0]!, shape[axis + 1]! - 1 - own.at(-1)!],
  );
  const map = row ? addReshape(builder, tensor, [null, shape[1]!, 1, channels]) : tensor;
  if (map === undefined) return undefined;
  const data_format = 'channels_last';
  const cropped = addPlain(builder, 'Cropping2D', { cropping, data_format }, [map]);
  const strided = steps.every((step) => step === 1)
    ? cropped
    : addPlain(builder, 'MaxPooling2D', { pool_size: [1, 1], strides: steps, padding: 'valid', data_format }, [
        cropped,
      ]);
  return row ? addReshape(builder, strided, [null, picked[1]!.length, channels]) : strided;
}

/** Rules by the name of the class in Keras 3. */
export const INDEXING: Readonly<Record<string, OperationRule>> = {
  GetItem: getItem,
  Take: take,
  Flip: flip,
  Stack: stack,
  ExpandDims: expandDims,
  Squeeze: squeeze,
  Transpose: transpose,
  DepthToSpace: depthToSpace,
};
