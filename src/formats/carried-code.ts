import {
  isObject,
  isPlainObject,
  type JsonObject,
  type JsonValue,
  type Plain,
  type PlainObject,
  toPlain,
} from '../json/json-value.js';
import { isCompileClass, isCompileName } from '../layers/compile-objects.js';
import { factsOf } from '../layers/known-layers.js';
import { isKnownActivation, isKnownClass, isKnownName } from '../layers/known-objects.js';
import { isOperationClass } from '../layers/operations/known-operations.js';
import { isNodeLayer, isPureNode, nodeKind } from '../layers/operations/tensorflow-nodes.js';
import { isOpLayer, isPureFunction } from '../layers/operations/tensorflow-operations.js';
import { readField } from '../layers/read-field.js';
import { type Graph, type Layer, listGraphs, type Warning } from '../model/model.js';
import { listEntries } from './dialects/wrapped-entries.js';

// Code and files that a model file may make a loader run or fetch: docs/HOSTILE.md, row 17. They are carried, never
// resolved.
const OWN_CODE = 'which Keras and TensorFlow.js do not have: it needs its own code to load';

/** The parts of a file around the graph. */
export interface AroundGraph {
  /** The object of the model, `{class_name, config, ...}`. */
  readonly model: JsonValue;
  /** Compile settings beside it, by the name of the field they stand in. */
  readonly settings: Readonly<Record<string, JsonValue | undefined>>;
}

/**
 * One warning for each layer that a loader could be made to run code, or read files, by, one for the model itself and
 * one for its compile settings.
 */
export function listWarnings(graph: Graph, around?: AroundGraph): readonly Warning[] {
  const warnings: Warning[] = [];
  const warn = (message: string | undefined, where: string | null) => {
    if (message !== undefined) warnings.push({ code: 'carried-code', message, where });
  };
  const settings = Object.entries(around?.settings ?? {});
  if (isObject(around?.model)) warn(codeInEntry(around.model, 'the model', shellOf(around.model)), null);
  for (const [name, value] of settings)
    if (value !== undefined) warn(codeInSettings(toPlain(value), name, false), null);
  for (const { graph: inner } of listGraphs(graph)) for (const layer of inner.layers) warn(codeIn(layer), layer.name);
  return warnings;
}

/** Code in a layer, or in a wrapper around it. */
function codeIn(layer: Layer): string | undefined {
  const { graph, settings, wrappers = [] } = layer;
  return firstOf(listEntries(layer), (entry, depth) => {
    if (entry === undefined) return undefined;
    const subject = depth === 0 ? 'the layer' : `what stands in its "${Array(depth).fill('layer').join('.config.')}"`;
    return codeInEntry(entry, subject, wrappers[depth]?.settings ?? (graph === undefined ? settings : shellOf(entry)));
  });
}

/** Code in an entry: its class, then whatever it holds, its calls too (Keras 3 serialises their arguments). */
function codeInEntry({ members }: JsonObject, subject: string, config: Plain): string | undefined {
  const entry: Record<string, Plain> = Object.create(null);
  const isSettings = ({ key }: { readonly key: string }) => SETTINGS_FIELDS.includes(key);
  for (const member of members)
    if (!isSettings(member)) entry[member.key] = member.key === 'config' ? config : toPlain(member.value);
  return (
    codeOfObject(entry, subject) ??
    codeInMembers(entry, '') ??
    firstOf(members.filter(isSettings), ({ key, value }) => codeInSettings(toPlain(value), key, false))
  );
}

// A compiled model's, a nested one's too.
const SETTINGS_FIELDS: readonly string[] = ['compile_config', 'training_config'];

/** Returns a model's config without its graph: the layers are examined separately. */
function shellOf(model: JsonObject): PlainObject {
  const config = model.members.find(({ key }) => key === 'config')?.value;
  const shell: Record<string, Plain> = Object.create(null);
  if (isObject(config))
    for (const { key, value } of config.members) if (!GRAPH_FIELDS.includes(key)) shell[key] = toPlain(value);
  return shell;
}

const GRAPH_FIELDS: readonly string[] = ['layers', 'input_layers', 'output_layers'];

/**
 * Code in compile settings, which Keras makes objects of when it loads the model.
 * @param isNamed whether a string here names a loss, a metric or an optimizer
 */
function codeInSettings(value: Plain | undefined, path: string, isNamed: boolean): string | undefined {
  if (typeof value === 'string')
    return isNamed && !isCompileName(value) ? `what its "${path}" names is "${value}", ${OWN_CODE}` : undefined;
  if (Array.isArray(value)) return firstOf(value, (item, index) => codeInSettings(item, `${path}[${index}]`, isNamed));
  if (!isPlainObject(value)) return undefined;
  const isObjectOf = typeof value.class_name === 'string';
  const own = codeOfObject(value, `what stands in its "${path}"`, COMPILING);
  // Losses by output stand under names of their own.
  const names = (key: string) => (isNamed && !isObjectOf) || NAMING_FIELDS.includes(key);
  return own ?? firstOf(Object.entries(value), ([key, member]) => codeInSettings(member, `${path}.${key}`, names(key)));
}

const NAMING_FIELDS: readonly string[] = ['loss', 'metrics', 'weighted_metrics', 'optimizer', 'fn'];

/** @param path where the value stands in its layer's config, for messages */
function codeInside(value: Plain | undefined, field: string, path: string): string | undefined {
  if (typeof value === 'string') return codeOfName(value, field, path);
  if (Array.isArray(value)) return firstOf(value, (item, index) => codeInside(item, '', `${path}[${index}]`));
  if (!isPlainObject(value)) return undefined;
  const read = readField(field, value);
  // A function that is there may be written as an object of its name.
  const own =
    read.kind === 'activation' && read.activation.kind === 'object' && isKnownActivation(read.activation.name)
      ? undefined
      : codeOfObject(value, `what stands in its "${path}"`);
  return own ?? codeInMembers(value, path);
}

const codeInMembers = (object: PlainObject, path: string): string | undefined =>
  firstOf(Object.keys(object), (key) => {
    const member = object[key];
    // Most members are numbers and truths: no path is made for them.
    if (typeof member !== 'string' && (typeof member !== 'object' || member === null)) return undefined;
    // A layer's own config needs no name: "activation", not "config.activation".
    const start = path === '' && key === 'config' ? '' : path === '' ? key : `${path}.${key}`;
    return start === '' && isPlainObject(member) ? codeInMembers(member, '') : codeInside(member, key, start);
  });

function codeOfName(name: string, key: string, path: string): string | undefined {
  const field = readField(key, name);
  const isKnown =
    field.kind === 'activation' ? isKnownActivation(name) : field.kind !== 'object' || isKnownName(key, name);
  return isKnown ? undefined : `what its "${path}" names is "${name}", ${OWN_CODE}`;
}

/** Names that loaders know without custom code. */
interface Vocabulary {
  readonly isClass: (name: string) => boolean;
  readonly isFunction: (name: string) => boolean;
}

const BUILDING: Vocabulary = { isClass: isKnownClass, isFunction: isKnownActivation };

const COMPILING: Vocabulary = {
  isClass: (name) => isCompileClass(name) || isKnownClass(name),
  isFunction: (name) => isCompileName(name) || isKnownActivation(name),
};

/** Tells which code or file a serialised object makes a loader need: `{class_name, config, module, ...}`. */
function codeOfObject(object: PlainObject, subject: string, shipped = BUILDING): string | undefined {
  const { class_name: className, config, module } = object;
  if (typeof className !== 'string') return undefined;
  const { runsCode, readsFile, registeredName } = factsOf(className, {});
  if (runsCode !== undefined)
    return `${subject} ${runsCode}; it is carried as it is, and the new model is no safer than the old`;
  if (readsFile && isPlainObject(config) && typeof config.vocabulary === 'string') {
    return `${subject} makes Keras read the file its "vocabulary" names; it is carried as it is`;
  }
  if (isOpLayer(className)) return codeOfOperation(config, subject);
  if (isNodeLayer(className)) return codeOfNode(config, subject);
  const isForeign = typeof module === 'string' && !/^(keras|tf_keras|tensorflow|builtins)(\.|$)/.test(module);
  const from = isForeign ? ` from the module "${module}"` : '';
  if (className === 'function') {
    if (typeof config === 'string' && shipped.isFunction(config) && !isForeign) return undefined;
    return `${subject} is the function "${typeof config === 'string' ? config : ''}"${from}, ${OWN_CODE}`;
  }
  if (isForeign || !(shipped.isClass(className) || isOperation(className, module))) {
    return `${subject} is of the class "${className}"${from}, ${OWN_CODE}`;
  }
  const registered = object.registered_name;
  if (typeof registered !== 'string' || !registered.includes('>') || registered === registeredName) return undefined;
  return `${subject} is of the class "${registered}", ${OWN_CODE}`;
}

/** Keras 2 calls the function that such a layer names, with arguments from the file, as soon as it loads the model. */
function codeOfOperation(config: Plain | undefined, subject: string): string | undefined {
  const name = isPlainObject(config) ? config.function : undefined;
  if (typeof name === 'string' && isPureFunction(name)) return undefined;
  return `${subject} makes Keras call the TensorFlow function ${JSON.stringify(name ?? null)}, which may do more than compute; it is carried as it is`;
}

/** Keras 2 puts the node into a graph and runs it, when it loads the model and whenever it computes. */
function codeOfNode(config: Plain | undefined, subject: string): string | undefined {
  const kind = isPlainObject(config) ? nodeKind(config) : undefined;
  if (kind !== undefined && isPureNode(kind)) return undefined;
  return `${subject} makes Keras run the TensorFlow operation ${JSON.stringify(kind ?? null)}, which may do more than compute; it is carried as it is`;
}

/** An operation that Keras 3 records as a node of the graph: `keras.ops.mean`. */
const isOperation = (className: string, module: Plain | undefined): boolean =>
  typeof module === 'string' && isOperationClass(`${module}.${className}`) && /^[A-Z]\w*$/.test(className);

function firstOf<T>(items: readonly T[], find: (item: T, index: number) => string | undefined): string | undefined {
  for (let index = 0; index < items.length; index++) {
    const found = find(items[index]!, index);
    if (found !== undefined) return found;
  }
  return undefined;
}
