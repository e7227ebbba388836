import { getMember, type JsonObject, stringOf } from '../../json/json-value.js';
import { classOfPython, factsOf, hasFacts } from '../../layers/known-layers.js';
import { isMerge } from '../../layers/layer-facts.js';
import { isOperationClass } from '../../layers/operations/known-operations.js';
import { TIME_DISTRIBUTED } from '../../layers/wrappers.js';
import { type Layer, stepAxes } from '../../model/model.js';

/** Modules of Keras itself; an entry without a module is of an older writer, and says the class alone. */
export const KERAS_MODULE = /^(?:tf_)?keras(?:\.|$)/;

/**
 * Returns a layer's class name here, from its entry: the class alone for layers of Keras, the module with it for
 * operations (the operation `Multiply` is not the layer), and for custom classes a name without known facts.
 */
export function classNameIn(entry: JsonObject): string | undefined {
  const className = stringOf(getMember(entry, 'class_name'));
  const module = getMember(entry, 'module');
  if (className === undefined || module === undefined) return className && classOfPython(className);
  const moduleName = stringOf(module);
  if (moduleName !== undefined && (KERAS_MODULE.test(moduleName) || moduleName === 'builtins')) {
    const full = `${moduleName}.${className}`;
    return isOperationClass(full) ? full : className;
  }
  const registered = stringOf(getMember(entry, 'registered_name'));
  const custom = registered ?? (moduleName === undefined ? className : `${moduleName}.${className}`);
  return hasFacts(custom) ? `${CUSTOM}${custom}` : custom;
}

/** Prefix of a custom class that has the name of one of Keras'. */
const CUSTOM = 'custom.';

/** The registered name of a custom class, from its name here. */
export const registeredName = (className: string): string =>
  className.startsWith(CUSTOM) ? className.slice(CUSTOM.length) : className;

/** The class as Python has it, without package or module: Keras makes the paths in weight files from it. */
export function pythonClass(layer: Layer): string {
  if (stepAxes(layer) > 0) return TIME_DISTRIBUTED;
  // A model that was made functional, or sequential again, keeps its entry until it is written.
  if (layer.graph !== undefined) return layer.graph.kind === 'functional' ? 'Functional' : 'Sequential';
  const written = stringOf(getMember(layer.entry, 'class_name')) ?? layer.className;
  const { pythonName } = factsOf(layer.className, layer.settings);
  return pythonName ?? written.slice(Math.max(written.lastIndexOf('>'), written.lastIndexOf('.')) + 1);
}

/**
 * The operation that an entry of Keras 3 is, under its whole name; undefined where it is a layer. Legacy `.h5` files
 * leave modules out: there an operation is a class that no layer has, or a merging layer's, with a name and without the
 * `trainable` that Keras writes for every layer. Keras itself seldom manages to load such a file again.
 */
export function operationIn(entry: JsonObject, className: string): string | undefined {
  if (isOperationClass(className)) return className;
  const config = getMember(entry, 'config');
  const isLayer =
    getMember(entry, 'module') !== undefined ||
    getMember(config, 'trainable') !== undefined ||
    stringOf(getMember(config, 'name')) === undefined;
  if (isLayer || (hasFacts(className) && !isMerge(factsOf(className, {}).role))) return undefined;
  // This package has them all, whichever module they are from.
  return `keras.src.ops.${className}`;
}
