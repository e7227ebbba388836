import { LOADER_NAMES } from '../../../format-names.js';
import { fromPlain, getMember, isObject, type JsonObject, type JsonValue, stringOf } from '../../../json/json-value.js';
import { objectKind, translateObject } from '../../../layers/config-objects.js';
import type { Loader } from '../../../layers/layer-facts.js';
import { bareJson, objectOf } from '../bare-json.js';
import { cannotConvert } from './cannot-convert.js';

/** An object such as Keras writes it: `{module?, class_name, config, registered_name?}`. */
export interface SerializedObject {
  readonly className: string;
  readonly config: JsonObject;
}

export function readSerialized(value: JsonValue): SerializedObject | undefined {
  const className = stringOf(getMember(value, 'class_name'));
  const config = getMember(value, 'config');
  return className === undefined || !isObject(config) ? undefined : { className, config };
}

/** Writes an object for every loader: neither Keras needs the module of initializers, regularizers and constraints. */
export const writeSerialized = (className: string, config: JsonObject): JsonObject =>
  objectOf([
    ['class_name', fromPlain(className)],
    ['config', config],
  ]);

/** A layer in another layer's config, which Keras 3 looks for in its module. */
export const writeWrapped = (className: string, config: JsonObject, target: Loader): JsonObject =>
  target === 'keras3'
    ? objectOf([
        ['module', fromPlain('keras.layers')],
        ['class_name', fromPlain(className)],
        ['config', config],
        ['registered_name', fromPlain(null)],
      ])
    : writeSerialized(className, config);

/**
 * Translates an initializer, regularizer or constraint for a loader. An initializer that the loader lacks becomes
 * `Zeros`: the weights are loaded, it never runs.
 * @throws RetrofitError `cannot-convert` for a regularizer or constraint that the loader lacks
 */
export function translateSerialized(field: string, value: JsonValue, target: Loader, layer: string): JsonValue {
  const kind = objectKind(field)!;
  if (value.kind === 'literal') return value;
  const name = stringOf(value);
  // A bare name means other defaults here and there, which matters to all but initializers.
  const bare = name !== undefined && kind === 'initializer' ? { className: name, config: objectOf([]) } : undefined;
  const written = bare ?? readSerialized(value);
  const words = written && translateObject(kind, written.className, target);
  if (written === undefined || words === undefined) {
    if (kind === 'initializer') return writeSerialized('Zeros', objectOf([]));
    throw cannotConvert(
      layer,
      field,
      `it has the ${kind} ${written?.className ?? 'of its own'}, which ${LOADER_NAMES[target]} does not have`,
      `set ${field} to one that ${LOADER_NAMES[target]} has, or to None if the model is not to be trained further, and save the model again`,
    );
  }
  const kept = written.config.members.filter((member) => words.fields.includes(member.key));
  const members = kept.map((member) => [member.key, seedless(member.key, bareJson(member.value))] as const);
  const missing = Object.entries(words.defaults).filter(([key]) => !kept.some((member) => member.key === key));
  return writeSerialized(
    words.className,
    objectOf([...members, ...missing.map(([key, plain]) => [key, fromPlain(plain!)] as const)]),
  );
}

/** A seed that is a generator of random numbers, an object of Keras 3, starts anew. */
const seedless = (key: string, value: JsonValue): JsonValue =>
  key === 'seed' && isObject(value) ? fromPlain(null) : value;
