import type { Plain } from '../../../json/json-value.js';
import { axisOf, elementCount } from '../../../layers/config.js';
import type { Shape } from '../../../layers/layer-facts.js';
import { calledPooling } from '../../../layers/poolings.js';
import {
  addPlain,
  addProduct,
  addReshape,
  type LayerBuilder,
  lastPart,
  outputOf,
  reshapeTo,
  type Source,
} from './layer-builder.js';
import { asLayer, hasOnly, type OperationRule, onlyTensor, rankOf, resizingOf, settingsOf } from './operation-rules.js';

// Operations that gather or move numbers.

type Reduction = 'Average' | 'Max' | 'Sum';

/** A mean, maximum or sum over all places of a map, as the global pooling of its rank, or over the last axis. */
const reduction =
  (kind: Reduction): OperationRule =>
  (operation) => {
    const { builder } = operation;
    const tensor = onlyTensor(operation);
    const settings = settingsOf(operation);
    const shape = tensor && outputOf(builder, tensor).shape;
    if (tensor === undefined || shape === undefined || !hasOnly(settings, 'axis', 'keepdims', 'initial')) return false;
    if ((settings.initial ?? null) !== null) return false;
    const { hasOperations } = builder.dialects;
    const rank = shape.length;
    const keepdims = settings.keepdims === true;
    const axes = [settings.axis ?? null].flat().map((each) => axisOf(each as Plain, rank));
    if (kind === 'Sum' && hasOperations) return false;
    if (axes.length === 1 && axes[0] === rank - 1)
      return (
        !hasOperations && reduceLast(builder, tensor, shape, kind, [...shape.slice(0, -1), ...(keepdims ? [1] : [])])
      );
    if (rank < 3 || rank > 5) return false;
    const isAllFrom = (first: number) => axes.length === rank - 2 && axes.every((_, at) => axes.includes(first + at));
    if (!isAllFrom(1) && !isAllFrom(2)) return false;
    const data_format = isAllFrom(1) ? 'channels_last' : 'channels_first';
    const count = elementCount(axes.map((axis) => shape[axis!] ?? null));
    if (kind === 'Sum' && count === null) return false;
    const pooling = kind === 'Sum' ? 'Average' : kind;
    asLayer(operation, `Global${pooling}Pooling${rank - 2}D`, { data_format, keepdims }, [tensor]);
    if (kind === 'Sum') addPlain(builder, 'Rescaling', { scale: count, offset: 0 }, [lastPart(builder)]);
    return true;
  };

/** Sums are products with a column of equal numbers; the largest of a row is a pooling of all of it. */
function reduceLast(builder: LayerBuilder, tensor: Source, shape: Shape, kind: Reduction, target: Shape): boolean {
  const size = shape.at(-1) ?? null;
  // Open sizes can be found again by one layer only if there is no more than one.
  const isFlat = shape.length < 3 || shape.slice(1).filter((each) => each === null).length > 1;
  if (size === null || isFlat) return false;
  if (kind !== 'Max') {
    const sum = addProduct(builder, tensor, [size, 1], (values) => values.fill(kind === 'Sum' ? 1 : 1 / size));
    return target.length === shape.length || reshapeTo(builder, sum, target);
  }
  const rows = addReshape(builder, tensor, [null, elementCount(shape.slice(1, -1)), size, 1])!;
  const settings = { pool_size: [1, size], strides: [1, size], padding: 'valid', data_format: 'channels_last' };
  return reshapeTo(builder, addPlain(builder, 'MaxPooling2D', settings, [rows]), target);
}

/** A Reshape layer leaves the first axis alone: certain where the operation does so too. */
const reshape: OperationRule = (operation) => {
  const tensor = onlyTensor(operation);
  const settings = settingsOf(operation);
  const target = settings.newshape ?? settings.shape;
  const input = tensor && outputOf(operation.builder, tensor).shape;
  if (tensor === undefined || input === undefined || !Array.isArray(target)) return false;
  if (!hasOnly(settings, 'newshape', 'shape')) return false;
  const [batch, ...others] = target as Shape;
  const isOpen = (size: number | null | undefined) => size === null || size === -1;
  const before = elementCount(input.slice(1));
  const keepsBatch = isOpen(batch)
    ? before !== null && !others.some(isOpen) && elementCount(others) === before
    : batch === input[0];
  if (!keepsBatch) return false;
  addPlain(operation.builder, 'Reshape', { target_shape: others.map((size) => size ?? -1) }, [tensor]);
  return true;
};

const concatenate: OperationRule = (operation) => {
  const [first, ...more] = operation.arguments;
  const settings = settingsOf(operation);
  if (first?.kind !== 'tensors' || more.length > 0 || !hasOnly(settings, 'axis')) return false;
  const [tensor, ...others] = first.inputs.map((input): Source => ({ input }));
  const rank = tensor && rankOf(operation.builder, tensor);
  const axis = rank === undefined ? undefined : axisOf(settings.axis, rank);
  if (tensor === undefined || axis === undefined || axis < 1) return false;
  return asLayer(operation, 'Concatenate', { axis }, [tensor, ...others]);
};

/** A border of zeros around the places of a map, as the padding layer of its rank. */
const pad: OperationRule = (operation) => {
  const tensor = onlyTensor(operation);
  const { pad_width: widths, mode = 'constant', constant_values: value, ...others } = settingsOf(operation);
  const rank = tensor && rankOf(operation.builder, tensor);
  if (tensor === undefined || rank === undefined || rank < 3 || rank > 5 || !hasOnly(others)) return false;
  if (String(mode).toLowerCase() !== 'constant' || (value ?? 0) !== 0) return false;
  const ends = Array.isArray(widths) && widths.length === rank && widths.every(isPair) ? widths : undefined;
  if (ends === undefined || !isZeros(ends[0]!)) return false;
  const isLast = isZeros(ends.at(-1)!);
  if (!isLast && !isZeros(ends[1]!)) return false;
  const padding = isLast ? ends.slice(1, -1) : ends.slice(2);
  // Of one axis the layer takes the two numbers alone, and channels behind it.
  if (rank === 3 && !isLast) return false;
  const settings =
    rank === 3 ? { padding: padding[0]! } : { padding, data_format: isLast ? 'channels_last' : 'channels_first' };
  return asLayer(operation, `ZeroPadding${rank - 2}D`, settings, [tensor]);
};

const isPair = (value: unknown): value is readonly [number, number] =>
  Array.isArray(value) && value.length === 2 && value.every((each) => Number.isSafeInteger(each) && each >= 0);

const isZeros = (ends: readonly [number, number]): boolean => ends.every((each) => each === 0);

/** A map made larger by whole factors; the layer takes the pixels' centres in both Kerases, as the operation does. */
const resize: OperationRule = (operation) => {
  const tensor = onlyTensor(operation);
  const resizing = resizingOf(operation);
  const input = tensor && outputOf(operation.builder, tensor).shape;
  if (tensor === undefined || input?.length !== 4 || resizing === undefined) return false;
  const factors = resizing.size.map((after, axis) => after / (input[axis + 1] ?? Number.NaN));
  const isLarger = factors.every((factor) => Number.isSafeInteger(factor) && factor > 0);
  if (!isLarger || resizing.interpolation === 'bicubic') return false;
  const settings = { size: factors, interpolation: resizing.interpolation, data_format: 'channels_last' };
  return asLayer(operation, 'UpSampling2D', settings, [tensor]);
};

/** Pooling over a window, as the layer of two dimensions. */
const windowPooling =
  (kind: 'Average' | 'Max'): OperationRule =>
  (operation) => {
    const tensor = onlyTensor(operation);
    const settings = calledPooling(settingsOf(operation));
    if (tensor === undefined || settings === undefined || rankOf(operation.builder, tensor) !== 4) return false;
    return asLayer(operation, `${kind}Pooling2D`, settings, [tensor]);
  };

/** Vectors of length one, as the layer. */
const normalize: OperationRule = (operation) => {
  const tensor = onlyTensor(operation);
  const { axis, epsilon = 1e-12, ...others } = settingsOf(operation);
  // The layer's own epsilon.
  if (tensor === undefined || epsilon !== 1e-12 || !hasOnly(others)) return false;
  const rank = rankOf(operation.builder, tensor);
  const axes = [axis].flat().map((each) => (rank === undefined ? undefined : axisOf(each as Plain, rank)));
  if (!axes.every((each) => each !== undefined && each > 0)) return false;
  return asLayer(operation, 'UnitNormalization', { axis: axes as readonly number[] }, [tensor]);
};

/** Rules by the operation's name. */
export const SHAPES: Readonly<Record<string, OperationRule>> = {
  Mean: reduction('Average'),
  Max: reduction('Max'),
  Amax: reduction('Max'),
  Sum: reduction('Sum'),
  Reshape: reshape,
  Concatenate: concatenate,
  Pad: pad,
  Resize: resize,
  MaxPool: windowPooling('Max'),
  AveragePool: windowPooling('Average'),
  L2Normalize: normalize,
};
