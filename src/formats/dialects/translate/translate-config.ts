import { LOADER_NAMES } from '../../../format-names.js';
import {
  fromPlain,
  getMember,
  isArray,
  isPlainObject,
  type JsonObject,
  type JsonValue,
  type Plain,
  type PlainObject,
  stringOf,
  toPlain,
} from '../../../json/json-value.js';
import { type Activation, type ActivationStep, translateActivation } from '../../../layers/activations.js';
import { hasActivityRegularizer } from '../../../layers/config.js';
import { fieldStanding, INPUT_FIELDS } from '../../../layers/config-fields.js';
import { factsOf } from '../../../layers/known-layers.js';
import type { LayerFacts, Loader } from '../../../layers/layer-facts.js';
import { nameProblem } from '../../../layers/layer-names.js';
import { readField } from '../../../layers/read-field.js';
import type { Dialect, Layer } from '../../../model/model.js';
import { bareJson, objectOf } from '../bare-json.js';
import { wholeSize } from '../whole-sizes.js';
import { cannotConvert } from './cannot-convert.js';
import { translateDtype } from './translate-dtype.js';
import { readSerialized, type SerializedObject, translateSerialized, writeWrapped } from './translate-object.js';

/** Dialect of the source and loader of the target. */
export interface DialectPair {
  readonly source: Dialect;
  readonly target: Loader;
  /** Whether the target's files hold operations as such. */
  readonly hasOperations: boolean;
  /** The layers that are given steps to skip. */
  readonly masked: ReadonlyMap<Layer, 'all' | 'some'>;
}

/** A function that the layer cannot name in the target: it goes into layers behind it, and the layer is linear. */
export type SplitActivation =
  | { readonly kind: 'steps'; readonly steps: readonly ActivationStep[] }
  | { readonly kind: 'layer'; readonly layer: SerializedObject };

export interface TranslatedConfig {
  /** The config without `name`. */
  readonly config: JsonObject;
  readonly split: SplitActivation | undefined;
}

const LINEAR = fromPlain('linear');

/**
 * Translates a layer's config for a loader.
 * @param isInside whether the layer is inside a wrapper, where no layer can follow it
 * @throws RetrofitError `cannot-convert` for features that the loader lacks
 */
export function translateConfig(
  className: string,
  written: JsonObject,
  dialects: DialectPair,
  layer: string,
  isInside = false,
): TranslatedConfig {
  const { target } = dialects;
  const settings = toPlain(written) as PlainObject;
  const facts = factsOf(className, settings);
  if (!facts.loads.includes(target) || facts.fields === undefined) throw noSuchClass(className, layer, target);
  const members: (readonly [string, JsonValue])[] = [];
  let split: SplitActivation | undefined;

  for (const [key, value] of renameFields(facts, written, target, layer)) {
    if (key === 'name') continue;
    if (isSpareField(facts, key, value, target, layer)) continue;
    // No layer of TensorFlow.js is called with one. It is for training alone.
    if (key === 'activity_regularizer' && target === 'tfjs' && hasActivityRegularizer(settings)) continue;
    // It speaks of masked steps alone.
    if (key === 'zero_output_for_mask' && target !== 'keras3' && dialects.masked.size === 0) continue;
    if (key === 'dtype' && facts.dtypeRefusedBy?.includes(target)) continue;
    const plain = toPlain(value);
    const field = readField(key, plain);
    if (field.kind === 'dtype') {
      members.push([key, translateDtype(value, target, layer, facts.role === 'input')]);
    } else if (field.kind === 'activation') {
      const canSplit = !isInside && key === 'activation' && !facts.runsSteps;
      const words = translateFunction(key, field.activation, value, dialects, layer, canSplit);
      if ('split' in words) split = words.split;
      members.push([key, 'split' in words ? LINEAR : words.value]);
    } else if (field.kind === 'object') {
      members.push([key, translateSerialized(key, value, target, layer)]);
    } else if (key === 'backward_layer' && isMirror(written, value, target)) {
      // Both Kerases make it from the forward layer; TensorFlow.js knows no other.
    } else {
      const refused = facts.refusedFields?.find(
        (each) => each.field === key && each.loaders.includes(target) && each.stops(plain, true, settings),
      );
      const instead = refused?.instead?.(value);
      if (refused !== undefined && instead === undefined) throw noSuchField(layer, key, plain, target, refused.reason);
      const json = field.kind === 'layers' ? translateWrapped(key, value, dialects, layer) : bareJson(instead ?? value);
      members.push([key, wholeSize(facts, key, json)]);
    }
  }
  if (facts.differsIn?.includes(target)) throw noSuchClass(className, layer, target);
  return { config: objectOf([...members, ...neededFields(facts, members, target)]), split };
}

/**
 * The members under the names that the target gives them. A setting that stands there under its old name and its new one is
 * one: which of two values counts is for each loader to say.
 */
function renameFields(
  { renamedField }: LayerFacts,
  config: JsonObject,
  target: Loader,
  layer: string,
): readonly (readonly [string, JsonValue])[] {
  const names: readonly string[] = Object.values(renamedField ?? {});
  const [first, ...others] = config.members.filter(({ key }) => names.includes(key));
  const other = others.find(({ value }) => JSON.stringify(toPlain(value)) !== JSON.stringify(toPlain(first!.value)));
  if (other !== undefined) {
    const message = `it has a "${first!.key}" and another "${other.key}", which are the same setting`;
    throw cannotConvert(layer, other.key, message, 'leave the one that is meant in the config');
  }
  return config.members
    .filter((member) => !others.includes(member))
    .map(({ key, value }) => [names.includes(key) ? renamedField![target] : key, value]);
}

/** Keras 2 will not make this layer from a config that leaves them out. */
function neededFields(
  { neededByKeras2 = [] }: LayerFacts,
  members: readonly (readonly [string, JsonValue])[],
  target: Loader,
) {
  if (target === 'keras3') return [];
  return neededByKeras2
    .filter((key) => !members.some(([name]) => name === key))
    .map((key) => [key, fromPlain(null)] as const);
}

function isSpareField(
  { className, saysInput }: LayerFacts,
  key: string,
  value: JsonValue,
  target: Loader,
  layer: string,
): boolean {
  const plain = toPlain(value);
  const standing = fieldStanding(className, key, plain, target);
  // The input layer says the size: what Keras 2 alone says on another layer is not needed beside it.
  if (standing === 'known') return INPUT_FIELDS.includes(key) && !saysInput;
  if (standing === 'ignorable' || plain === null) return true;
  throw noSuchField(layer, key, plain, target, `is an argument that ${LOADER_NAMES[target]} does not know`);
}

function translateFunction(
  field: string,
  activation: Activation,
  written: JsonValue,
  { source, target }: DialectPair,
  layer: string,
  canSplit: boolean,
): { readonly value: JsonValue } | { readonly split: SplitActivation } {
  if (activation.kind === 'none') return { value: written };
  const name = activation.kind === 'function' || activation.kind === 'object' ? activation.name : undefined;
  const words = name === undefined ? undefined : translateActivation(name, source, target);
  if (words !== undefined && 'name' in words) return { value: fromPlain(words.name) };
  if (canSplit && words !== undefined) return { split: { kind: 'steps', steps: words.steps } };
  // A layer that was given as a function: it can stand behind this one as well.
  const given = activation.kind === 'layer' ? readSerialized(written) : undefined;
  if (canSplit && given !== undefined && factsOf(given.className, {}).role === 'activation')
    return { split: { kind: 'layer', layer: given } };
  throw cannotConvert(
    layer,
    field,
    `its ${field} is ${name === undefined ? 'a function of its own' : `"${name}"`}, and ${LOADER_NAMES[target]} has none there that computes the same`,
    'build the model with another function and train it again, or keep it in the format it is in',
  );
}

/** Tells whether the second direction is the first one, the other way round. */
function isMirror(written: JsonObject, backward: JsonValue, target: Loader): boolean {
  const forward = getMember(written, 'layer');
  const before = forward && readSerialized(forward);
  const after = readSerialized(backward);
  if (before === undefined || after?.className !== before.className) return false;
  const rest = (config: JsonObject) => {
    const { name: _, go_backwards: backwards, ...others } = withoutIds(toPlain(config)) as PlainObject;
    return { backwards, others: JSON.stringify(others) };
  };
  const [one, other] = [rest(before.config), rest(after.config)];
  return target !== 'keras3' && one.others === other.others && one.backwards === false && other.backwards === true;
}

/** Keras 3 numbers the objects that a file shares, each direction's anew. */
function withoutIds(value: Plain): Plain {
  if (Array.isArray(value)) return value.map(withoutIds);
  if (!isPlainObject(value)) return value;
  const members = Object.entries(value).filter(([key]) => key !== 'shared_object_id');
  return Object.fromEntries(members.map(([key, member]) => [key, withoutIds(member ?? null)]));
}

function translateWrapped(field: string, value: JsonValue, dialects: DialectPair, layer: string): JsonValue {
  if (value.kind === 'literal') return value;
  if (isArray(value))
    return {
      kind: 'array',
      items: value.items.map((item) => ({ value: translateWrapped(field, item.value, dialects, layer) })),
    };
  const wrapped = readSerialized(value);
  if (field === 'backward_layer' && dialects.target === 'tfjs') {
    throw cannotConvert(
      layer,
      field,
      'its second direction is a layer of its own, and TensorFlow.js makes that from the first one',
      'keep the model in the format it is in',
    );
  }
  if (wrapped === undefined || getMember(wrapped.config, 'layers') !== undefined) {
    throw cannotConvert(
      layer,
      field,
      'it wraps a model, which is not translated',
      'keep the model in the format it is in, or rebuild it with the layers wrapped one by one',
    );
  }
  const name = getMember(wrapped.config, 'name');
  const problem = nameProblem(stringOf(name) ?? wrapped.className, dialects.target);
  // The names of weights have it in them.
  if (problem !== undefined)
    throw cannotConvert(
      layer,
      field,
      `the layer in its ${field} is called "${stringOf(name)}", which ${problem}`,
      'build the model with another name, load its weights into it and save it',
    );
  const { config } = translateConfig(wrapped.className, wrapped.config, dialects, layer, true);
  const members = config.members.map(({ key, value: each }) => [key, each] as const);
  const named = name === undefined ? config : objectOf([['name', name], ...members]);
  return writeWrapped(wrapped.className, named, dialects.target);
}

function noSuchClass(className: string, layer: string, target: Loader) {
  const { differsBy } = factsOf(className, {});
  return cannotConvert(
    layer,
    'class_name',
    `${LOADER_NAMES[target]} has no ${className} that does the same${differsBy === undefined ? '' : `: ${differsBy}`}`,
    'keep the model in the format it is in, or rebuild it without this layer',
  );
}

function noSuchField(layer: string, field: string, value: unknown, target: Loader, reason: string) {
  // An object's whole JSON would be no sentence, nor would a value that the reason says again.
  const isPlain = typeof value !== 'object' || value === null;
  const shown = isPlain && !reason.startsWith(`is ${JSON.stringify(value)}`) ? `, ${JSON.stringify(value)},` : '';
  return cannotConvert(
    layer,
    field,
    `${LOADER_NAMES[target]} cannot do the same: its ${field}${shown} ${reason}`,
    'keep the model in the format it is in, or rebuild it without this setting',
  );
}
