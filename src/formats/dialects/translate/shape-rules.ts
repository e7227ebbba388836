import type { Plain } from '../../../json/json-value.js';
import { axisOf, elementCount } from '../../../layers/config.js';
import type { Shape } from '../../../layers/layer-facts.js';
import { newLayer } from '../../../model/model.js';
import { addPlain, outputOf, type Source } from './layer-builder.js';
import { hasOnly, type OperationRule, onlyTensor, rankOf, settingsOf } from './operation-rules.js';
import { translateLayer } from './translate-layer.js';

// Operations that gather or move numbers.

/** A mean or maximum over all places of a map, as the global pooling of its rank. */
const pooling =
  (kind: 'Average' | 'Max'): OperationRule =>
  (operation) => {
    const tensor = onlyTensor(operation);
    const settings = settingsOf(operation);
    const rank = tensor && rankOf(operation.builder, tensor);
    if (tensor === undefined || rank === undefined || rank < 3 || rank > 5) return false;
    if (!hasOnly(settings, 'axis', 'keepdims', 'initial') || (settings.initial ?? null) !== null) return false;
    const axes = [settings.axis ?? null].flat().map((each) => axisOf(each as Plain, rank));
    const isAllFrom = (first: number) => axes.length === rank - 2 && axes.every((_, at) => axes.includes(first + at));
    if (!isAllFrom(1) && !isAllFrom(2)) return false;
    const layer = newLayer(`Global${kind}Pooling${rank - 2}D`, operation.builder.layer, {
      dtype: outputOf(operation.builder, tensor).dtype,
      data_format: isAllFrom(1) ? 'channels_last' : 'channels_first',
      keepdims: settings.keepdims === true,
    });
    translateLayer(operation.builder, layer, [tensor]);
    return true;
  };

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
  const inputs = first.inputs.map((input): Source => ({ input }));
  const { shape, dtype } = outputOf(operation.builder, inputs[0]!);
  const axis = shape && axisOf(settings.axis, shape.length);
  if (axis === undefined || axis < 1) return false;
  translateLayer(operation.builder, newLayer('Concatenate', operation.builder.layer, { dtype, axis }), inputs);
  return true;
};

/** Rules by the name of the class in Keras 3. */
export const SHAPES: Readonly<Record<string, OperationRule>> = {
  Mean: pooling('Average'),
  Max: pooling('Max'),
  Amax: pooling('Max'),
  Reshape: reshape,
  Concatenate: concatenate,
};
