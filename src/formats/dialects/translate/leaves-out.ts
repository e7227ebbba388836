import { isPlainObject, type Plain, type PlainObject } from '../../../json/json-value.js';
import { computeDtype } from '../../../layers/dtype-policy.js';
import { factsOf, isInput } from '../../../layers/known-layers.js';
import type { Loader } from '../../../layers/layer-facts.js';
import type { Layer } from '../../../model/model.js';

/**
 * Treatment of a layer that computes nothing when the model predicts, where the target has none like it.
 * - `leave out`: its readers read its input
 * - `stand in`: it changed the precision of its input, which another layer has to do now
 */
export type Omission = 'leave out' | 'stand in';

/** Returns how a layer can be left out; undefined for a layer that computes, and for one that the target has. */
export function omissionOf(layer: Layer, dtype: string, target: Loader): Omission | undefined {
  const { className, settings, calls } = layer;
  if (calls.some((call) => call.inputs.length !== 1)) return undefined;
  if (layer.graph === undefined) {
    if (factsOf(className, settings).onlyTrains?.(settings) !== true || !isMissing(className, settings, target))
      return undefined;
    return computeDtype(settings) === dtype ? 'leave out' : 'stand in';
  }
  // A model of such layers alone. Where precisions change, its layers are judged one by one.
  const { inputs, outputs, layers } = layer.graph;
  const others = layers.filter(({ className }) => !isInput(className));
  const isEmpty = inputs.length === 1 && outputs.length === 1 && others.length > 0;
  return isEmpty && others.every((inner) => omissionOf(inner, dtype, target) === 'leave out') ? 'leave out' : undefined;
}

/** Tells whether the target lacks the class or that of the wrapped layer, or has another one by this name. */
function isMissing(className: string, settings: PlainObject, target: Loader): boolean {
  const { loads, differsIn } = factsOf(className, settings);
  if (!loads.includes(target) || differsIn?.includes(target)) return true;
  const { layer } = settings;
  return isSerialized(layer) && isMissing(layer.class_name, layer.config, target);
}

const isSerialized = (value: Plain | undefined): value is { class_name: string; config: PlainObject } =>
  isPlainObject(value) && typeof value.class_name === 'string' && isPlainObject(value.config);
