import { type JsonValue, toPlain } from '../../../json/json-value.js';
import { findOperation, operationName } from '../../../layers/operations/known-operations.js';
import { isNodeLayer, nodeOperation } from '../../../layers/operations/tensorflow-nodes.js';
import { functionOf, isOpLayer } from '../../../layers/operations/tensorflow-operations.js';
import { type CallArguments, saysNothing } from '../../../model/call-arguments.js';
import type { Layer } from '../../../model/model.js';
import { objectOf } from '../bare-json.js';
import { type ReadOperation, readNode } from './read-node.js';

export const isOperation = (layer: Layer): boolean =>
  layer.isOperation === true || isOpLayer(layer.className) || isNodeLayer(layer.className);

/** `Multiply`, as Keras 3 calls it, or the function that Keras 3 does not have. */
export const operationId = (layer: Layer): string =>
  layer.isOperation
    ? operationName(layer.className)
    : (nodeOperation(layer.settings) ?? functionOf(layer.settings) ?? layer.className);

/** Names that operands may have in either Keras, besides TensorFlow's for the second one of an operation. */
const OPERANDS: readonly string[] = ['x', 'x1', 'value', 'x2'];

/** Fields that say nothing of an operation. */
const BESIDES: readonly string[] = ['name', 'trainable', 'function'];

/** Reads an operation; undefined where a tensor stands under a name that is not known: it could mean anything. */
export function readOperation(layer: Layer, call: CallArguments): ReadOperation | undefined {
  if (isNodeLayer(layer.className)) return readNode(layer, call);
  const { positional, keywords } = call;
  const id = operationId(layer);
  const known = findOperation(id);
  const names = [...OPERANDS, ...(known?.second === undefined ? [] : [known.second.name])];
  const named = names.flatMap((name) => keywords.get(name) ?? []);
  const others = [...keywords].filter(([name]) => !names.includes(name));
  if (others.some(([, argument]) => argument.kind !== 'constant')) return undefined;
  const said = others.map(([key, argument]) => [key, (argument as { readonly json: JsonValue }).json] as const);
  const hasDtype = layer.isOperation && known?.settings.some(({ kind }) => kind === 'dtype');
  const own = layer.config.members
    .filter(({ key, value }) => !saysNothing(value) && (key !== 'dtype' || hasDtype))
    .map(({ key, value }) => [key, value] as const);
  const settings = [...own, ...said]
    .filter(([key, value]) => !BESIDES.includes(key) && toPlain(value) !== known?.harmless?.[key])
    .map(
      ([key, value]) =>
        [
          layer.isOperation ? key : (known?.settings.find(({ tensorflow }) => tensorflow === key)?.keras3 ?? key),
          value,
        ] as const,
    );
  if (new Set(settings.map(([key]) => key)).size < settings.length) return undefined;
  return { id, arguments: [...positional, ...named], settings: objectOf(settings) };
}
