import { isPlainObject, type Plain, type PlainObject } from '../../json/json-value.js';
import { type Activation, activationProblem } from '../../layers/activations.js';
import { hasActivityRegularizer } from '../../layers/config.js';
import { fieldStanding } from '../../layers/config-fields.js';
import { configObjectLoads } from '../../layers/config-objects.js';
import { factsOf } from '../../layers/known-layers.js';
import type { FieldProblem, Loader } from '../../layers/layer-facts.js';
import { readField } from '../../layers/read-field.js';
import { memoizeByObject } from '../memoize-by-object.js';

/** Reason why a loader refuses a model: a layer, the field of its config (empty for the layer itself), and why. */
export interface Blocker extends FieldProblem {
  readonly layer: string;
}

/** Reason why a loader refuses a layer: the field of its config, and why. */
export interface Finding extends FieldProblem {
  /** The loader takes the layer, and makes another one of it. */
  readonly isMisread?: true | undefined;
}

/** Circumstances in which a config is judged. */
interface Judge {
  readonly loader: Loader;
  /** Whether entries name their Python modules, as Keras has written since 2.13. */
  readonly hasModule: boolean;
  /** Whether the config stands in a legacy `.h5`. */
  readonly isLegacy: boolean;
}

/** A layer in another's config is found by its module alone, in legacy files too. */
export const WITHOUT_MODULE = 'is a layer without its module: Keras 3 looks for the class in it';

const judgeOnce = memoizeByObject<PlainObject, string, Finding | undefined>();

/** Returns why a loader refuses a config; the verdict on one config object is remembered. */
export function classBlocker(className: string, settings: PlainObject, judge: Judge): Finding | undefined {
  const { loader, hasModule, isLegacy } = judge;
  const key = `${className} ${loader} ${hasModule} ${isLegacy}`;
  return judgeOnce(settings, key, () => findClassBlocker(className, settings, judge));
}

function findClassBlocker(className: string, settings: PlainObject, judge: Judge): Finding | undefined {
  const { loader, hasModule } = judge;
  const facts = factsOf(className, settings);
  if (!facts.loads.includes(loader))
    return { field: 'class_name', reason: `is ${className}, a class it does not have` };
  for (const { loaders, field, reason, stops, isSilent, isMisread } of facts.refusedFields ?? []) {
    if (!isSilent && loaders.includes(loader) && stops(settings[field], hasModule, settings))
      return { field, reason, isMisread };
  }
  const unknown = loader === 'tfjs' ? undefined : findUnknownField(className, settings, judge);
  if (unknown !== undefined) return { field: unknown, reason: 'is an argument it does not know' };
  if (loader === 'tfjs' && hasActivityRegularizer(settings))
    return { field: 'activity_regularizer', reason: 'is not supported' };
  for (const [field, value] of Object.entries(settings)) {
    const found = fieldBlocker(field, value, judge);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Keras stops at an argument that it does not know, whatever its value. */
const findUnknownField = (className: string, settings: PlainObject, { loader, hasModule }: Judge): string | undefined =>
  Object.entries(settings).find(([field, value]) => {
    // Of entries without a module Keras 3 takes an input's shape off, wherever it stands.
    if (loader === 'keras3' && !hasModule && field === 'batch_input_shape') return false;
    const standing = fieldStanding(className, field, value ?? null, loader);
    // No argument of Keras is in camel case.
    return (
      standing === 'ignorable' || standing === 'unsupported' || (standing === 'unknown' && /[a-z][A-Z]/.test(field))
    );
  })?.[0];

function fieldBlocker(field: string, value: Plain | undefined, judge: Judge): Finding | undefined {
  const read = readField(field, value);
  switch (read.kind) {
    case 'activation':
      return activationBlocker(field, read.activation, judge);
    case 'layers':
      return firstFound(read.layers, ({ className, config, hasModule }) =>
        judge.loader === 'keras3' && !hasModule
          ? { field, reason: WITHOUT_MODULE }
          : classBlocker(className, config, { ...judge, hasModule }),
      );
    case 'object':
    case 'dtype':
      return isPlainObject(value) ? objectBlocker(field, value, judge) : undefined;
    case 'plain':
      return undefined;
  }
}

function activationBlocker(field: string, activation: Activation, judge: Judge): Finding | undefined {
  const reason = activationProblem(activation, judge.loader, judge.isLegacy);
  if (reason !== undefined) return { field, reason };
  if (activation.kind !== 'layer') return undefined;
  if (judge.loader === 'keras3' && !activation.hasModule) return { field, reason: WITHOUT_MODULE };
  const inside = classBlocker(activation.className, activation.config, { ...judge, hasModule: activation.hasModule });
  return inside && { field, reason: `is a layer whose ${inside.field} ${inside.reason}` };
}

function firstFound<T, R>(items: readonly T[], find: (item: T) => R | undefined): R | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

function objectBlocker(field: string, value: PlainObject, { loader }: Judge): Finding | undefined {
  const className = typeof value.class_name === 'string' ? value.class_name : undefined;
  const loads = className === undefined ? undefined : configObjectLoads(field, className);
  if (loads !== undefined && !loads.includes(loader))
    return { field, reason: `is ${className}, which it does not have` };
  if (loader !== 'keras2' || !isPlainObject(value.config)) return undefined;
  return value.config.input_axes === undefined
    ? undefined
    : { field, reason: 'has input_axes, an argument it does not know' };
}
