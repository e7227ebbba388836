import { isPlainObject, type Plain, type PlainObject, toPlain } from '../json/json-value.js';
import { holdsObject, isKnownActivation, isKnownClass, isKnownName } from '../layers/known-objects.js';
import { type Graph, type Layer, listGraphs, type Warning } from '../model/model.js';

// What a file brings along that a loader may run or fetch: HOSTILE.md, row 17. It is carried, never resolved.
const RUNS_CODE: ReadonlyMap<string, string> = new Map([
  ['Lambda', 'carries Python code that Keras runs when it loads the model'],
  ['__lambda__', 'carries Python code that Keras runs when it loads the model'],
  ['TFSMLayer', 'makes Keras load and run a SavedModel from a path'],
  ['TorchModuleWrapper', 'makes Keras unpickle a PyTorch module'],
  ['FlaxLayer', 'carries code that Keras runs'],
  ['JaxLayer', 'carries code that Keras runs'],
]);

const READS_FILES: readonly string[] = ['StringLookup', 'IntegerLookup', 'TextVectorization'];

const OWN_CODE = 'which Keras and TensorFlow.js do not have: it needs its own code to load';

/** One warning for each layer that a loader could be made to run code, or read files, by. */
export function listWarnings(graph: Graph): readonly Warning[] {
  const warnings: Warning[] = [];
  for (const { graph: inner } of listGraphs(graph)) {
    for (const layer of inner.layers) {
      const message = codeIn(layer);
      if (message !== undefined) warnings.push({ code: 'carried-code', message, where: layer.name });
    }
  }
  return warnings;
}

/** Code in a layer: its class, then whatever its entry holds, its calls too (Keras 3 serialises their arguments). */
function codeIn(layer: Layer): string | undefined {
  if (layer.entry === undefined) return undefined;
  const entry: Record<string, Plain> = Object.create(null);
  // The layers of a nested model are looked at for themselves.
  for (const { key, value } of layer.entry.members) {
    if (key !== 'config') entry[key] = toPlain(value);
    else if (layer.graph === undefined) entry.config = layer.settings;
  }
  return codeOfObject(entry, 'the layer') ?? codeInMembers(entry, '');
}

/** @param path where the value stands in its layer's config, for people */
function codeInside(value: Plain | undefined, field: string, path: string): string | undefined {
  if (typeof value === 'string') return codeOfName(value, field, path);
  if (Array.isArray(value)) return firstOf(value, (item, index) => codeInside(item, '', `${path}[${index}]`));
  if (!isPlainObject(value)) return undefined;
  return codeOfObject(value, `what stands in its "${path}"`) ?? codeInMembers(value, path);
}

const codeInMembers = (object: PlainObject, path: string): string | undefined =>
  firstOf(Object.entries(object), ([key, member]) => {
    // A layer's own config needs no name: "activation", not "config.activation".
    const start = path === '' && key === 'config' ? '' : path === '' ? key : `${path}.${key}`;
    return start === '' && isPlainObject(member) ? codeInMembers(member, '') : codeInside(member, key, start);
  });

function codeOfName(name: string, field: string, path: string): string | undefined {
  const isKnown = field.endsWith('activation')
    ? isKnownActivation(name)
    : !holdsObject(field) || isKnownName(field, name);
  return isKnown ? undefined : `what its "${path}" names is "${name}", ${OWN_CODE}`;
}

/** What a serialised object, `{class_name, config, module, registered_name}`, makes a loader run, read or miss. */
function codeOfObject(object: PlainObject, subject: string): string | undefined {
  const { class_name: className, config, module } = object;
  if (typeof className !== 'string') return undefined;
  const runs = RUNS_CODE.get(className);
  if (runs !== undefined)
    return `${subject} ${runs}; it is carried as it is, and the new model is no safer than the old`;
  if (READS_FILES.includes(className) && isPlainObject(config) && typeof config.vocabulary === 'string') {
    return `${subject} makes Keras read the file its "vocabulary" names; it is carried as it is`;
  }
  const isForeign = typeof module === 'string' && !/^(keras|tf_keras|tensorflow|builtins)(\.|$)/.test(module);
  const from = isForeign ? ` from the module "${module}"` : '';
  if (className === 'function') {
    if (typeof config === 'string' && isKnownActivation(config) && !isForeign) return undefined;
    return `${subject} is the function "${typeof config === 'string' ? config : ''}"${from}, ${OWN_CODE}`;
  }
  if (isForeign || !(isKnownClass(className) || isOperation(className, module))) {
    return `${subject} is of the class "${className}"${from}, ${OWN_CODE}`;
  }
  const registered = object.registered_name;
  if (typeof registered !== 'string' || !registered.includes('>') || SHIPPED.includes(registered)) return undefined;
  return `${subject} is of the class "${registered}", ${OWN_CODE}`;
}

// tf-keras registers this one as if it were custom.
const SHIPPED: readonly string[] = ['Custom>CustomScaleLayer'];

/** An operation that Keras 3 records as a node of the graph: `keras.ops.mean`. */
const isOperation = (className: string, module: Plain | undefined): boolean =>
  typeof module === 'string' && /^keras\.src\.ops\.[a-z]+$/.test(module) && /^[A-Z]\w*$/.test(className);

function firstOf<T>(items: readonly T[], find: (item: T, index: number) => string | undefined): string | undefined {
  for (const [index, item] of items.entries()) {
    const found = find(item, index);
    if (found !== undefined) return found;
  }
  return undefined;
}
