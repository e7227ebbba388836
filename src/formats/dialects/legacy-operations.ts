import { getMember, type JsonObject, stringOf } from '../../json/json-value.js';
import { factsOf, hasFacts } from '../../layers/known-layers.js';
import { isMerge } from '../../layers/layer-facts.js';
import { isOperationClass } from '../../layers/operations.js';

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
