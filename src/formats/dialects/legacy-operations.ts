import { getMember, isArray, isObject, type JsonObject } from '../../json/json-value.js';
import { factsOf, hasFacts } from '../../layers/known-layers.js';
import { findOperationClass, isOperationClass } from '../../layers/operations.js';
import { isKeras3Call } from './find-dialect.js';

/**
 * The operation that an entry of Keras 3 is, undefined where it is a layer. Legacy `.h5` files leave modules out: there
 * an operation is a class that no layer has, or a merging layer's class called with a tensor an argument, and in neither
 * case does its config say whether it is trainable, as every layer's does. Keras itself cannot load such a file again.
 */
export function nameLegacyOperation(entry: JsonObject, className: string): string | undefined {
  if (isOperationClass(className)) return className;
  const config = getMember(entry, 'config');
  const isLayer = getMember(entry, 'module') !== undefined || getMember(config, 'trainable') !== undefined;
  if (isLayer || (hasFacts(className) && !(isMerge(className) && isCalledByArgument(entry)))) return undefined;
  return findOperationClass(className);
}

const isMerge = (className: string) =>
  ['add', 'multiply', 'merge', 'concatenate'].includes(factsOf(className, {}).role);

function isCalledByArgument(entry: JsonObject): boolean {
  const nodes = getMember(entry, 'inbound_nodes');
  const call = isArray(nodes) ? nodes.items[0]?.value : undefined;
  const args = call !== undefined && isKeras3Call(call) ? getMember(call, 'args') : undefined;
  return isArray(args) && isObject(args.items[0]?.value);
}
