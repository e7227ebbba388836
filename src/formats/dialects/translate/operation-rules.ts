import { type JsonObject, type PlainObject, toPlain } from '../../../json/json-value.js';
import type { Argument } from '../../../model/call-arguments.js';
import { newLayer } from '../../../model/model.js';
import { type Constant, readConstant } from './constants.js';
import { type LayerBuilder, outputOf, type Source } from './layer-builder.js';
import type { ReadOperation } from './read-node.js';
import { translateLayer } from './translate-layer.js';

/** An operation that was read, and the builder of what it becomes. */
export interface OperationCall extends ReadOperation {
  readonly builder: LayerBuilder;
}

/** Does the operation as layers and says so; false where these are not certain to compute the same. */
export type OperationRule = (operation: OperationCall) => boolean;

export const tensorOf = (argument: Argument | undefined): Source | undefined =>
  argument?.kind === 'tensor' ? { input: argument.input } : undefined;

/** The numbers that an argument is. */
export const numbersOf = (argument: Argument | undefined): Constant | undefined =>
  argument?.kind === 'constant' ? readConstant(argument.json) : undefined;

/** The tensor of an operation that takes no other argument than settings. */
export const onlyTensor = (operation: OperationCall): Source | undefined =>
  operation.arguments.length === 1 ? tensorOf(operation.arguments[0]) : undefined;

/** Does an operation as one layer, in the precision of its first tensor. */
export function asLayer(
  { builder }: OperationCall,
  className: string,
  settings: PlainObject,
  tensors: readonly [Source, ...Source[]],
): true {
  const { dtype } = outputOf(builder, tensors[0]);
  translateLayer(builder, newLayer(className, builder.layer, { dtype, ...settings }), tensors);
  return true;
}

/** Settings as ordinary data, under the names that Keras 3 gives them. */
export const settingsOf = ({ settings }: { readonly settings: JsonObject }): PlainObject =>
  toPlain(settings) as PlainObject;

export const hasOnly = (settings: PlainObject, ...names: readonly string[]): boolean =>
  Object.keys(settings).every((name) => names.includes(name));

export const rankOf = (builder: LayerBuilder, tensor: Source): number | undefined =>
  outputOf(builder, tensor).shape?.length;

/** How an operation resizes a map of two dimensions with channels last; undefined where it does more, or does not say. */
export function resizingOf(operation: { readonly settings: JsonObject }) {
  const {
    size,
    interpolation = 'bilinear',
    data_format: format,
    fill_mode: _mode,
    fill_value: _value,
    ...others
  } = settingsOf(operation);
  const isPlain = Object.values(others).every((value) => value === false);
  if (!isPlain || !hasOnly(others, 'antialias', 'crop_to_aspect_ratio', 'pad_to_aspect_ratio')) return undefined;
  // Left open, it is that of the machine: the layers' default, and all that TensorFlow's function knows.
  if ((format ?? 'channels_last') !== 'channels_last' || !Array.isArray(size) || size.length !== 2) return undefined;
  const isKnown = size.every((each) => Number.isInteger(each)) && INTERPOLATIONS.includes(String(interpolation));
  return isKnown ? { size: size as readonly number[], interpolation: String(interpolation) } : undefined;
}

const INTERPOLATIONS: readonly string[] = ['bilinear', 'nearest', 'bicubic'];

/** How an operation turns channels into places, channels last; undefined where it does not say so. */
export function blockOf(operation: { readonly settings: JsonObject }) {
  const { block_size, data_format = 'channels_last', ...others } = settingsOf(operation);
  const isLast = data_format === 'channels_last' || data_format === 'NHWC';
  if (!Number.isInteger(block_size) || Number(block_size) < 1 || !isLast || !hasOnly(others)) return undefined;
  return { block_size: Number(block_size), data_format: 'channels_last' };
}
