import { fromPlain, getMember, type JsonObject, type JsonValue } from '../../../json/json-value.js';
import { namesInBoth, operationName } from '../../../layers/operations.js';
import { isNodeLayer, nodeOperation } from '../../../layers/tensorflow-nodes.js';
import { functionOf, isOpLayer } from '../../../layers/tensorflow-operations.js';
import { type Argument, type CallArguments, saysNothing } from '../../../model/call-arguments.js';
import type { Layer } from '../../../model/model.js';
import { objectOf } from '../bare-json.js';
import { readNode } from './read-node.js';

/** An operation with its arguments, whichever Keras wrote it. */
export interface ReadOperation {
  /** Its name in Keras 3, without the module; of a function that Keras 3 has no class for, TensorFlow's. */
  readonly id: string;
  /** In order. */
  readonly arguments: readonly Argument[];
  /** Constants that have a name, from the call or from the operation's config, under Keras 3's names. */
  readonly settings: JsonObject;
}

export const isOperation = (layer: Layer): boolean =>
  layer.isOperation === true || isOpLayer(layer.className) || isNodeLayer(layer.className);

/** `Multiply`, as Keras 3 calls it, or the function that Keras 3 does not have. */
export const operationId = (layer: Layer): string =>
  layer.isOperation
    ? operationName(layer.className)
    : (nodeOperation(layer.settings) ?? functionOf(layer.settings) ?? layer.className);

/** Names that TensorFlow gives operands; Keras 3 writes operands in order. */
const OPERANDS: readonly string[] = ['x', 'x1', 'value', 'y', 'x2', 'b', 'bias', 'indices', 'slice_spec'];

/** Fields and arguments that do not change an operation, as far as they have these values. */
const BESIDES: Readonly<Record<string, JsonValue | undefined>> = {
  name: undefined,
  trainable: undefined,
  function: undefined,
  conjugate: fromPlain(false),
  batch_dims: fromPlain(0),
  decimals: fromPlain(0),
  transpose_a: fromPlain(false),
  transpose_b: fromPlain(false),
  adjoint_a: fromPlain(false),
  adjoint_b: fromPlain(false),
};

/** Reads an operation; undefined where a tensor stands under a name that is not known: it could mean anything. */
export function readOperation(layer: Layer, call: CallArguments): ReadOperation | undefined {
  if (isNodeLayer(layer.className)) return readNode(layer, call);
  const { positional, keywords } = call;
  const id = operationId(layer);
  const named = OPERANDS.flatMap((name) => keywords.get(name) ?? []);
  const others = [...keywords].filter(([name]) => !OPERANDS.includes(name));
  if (others.some(([, argument]) => argument.kind !== 'constant')) return undefined;
  const said = others.map(([key, argument]) => [key, (argument as { readonly json: JsonValue }).json] as const);
  // Only a cast has a dtype of its own.
  const own = layer.config.members
    .filter(({ key, value }) => !saysNothing(value) && (key !== 'dtype' || (layer.isOperation && id === 'Cast')))
    .map(({ key, value }) => [key, value] as const);
  const names = new Map(Object.entries(namesInBoth(id)?.settings ?? {}).map(([ours, theirs]) => [theirs, ours]));
  const settings = [...own, ...said]
    .filter(([key, value]) => !isBeside(key, value))
    .map(([key, value]) => [layer.isOperation ? key : (names.get(key) ?? key), value] as const);
  if (new Set(settings.map(([key]) => key)).size < settings.length) return undefined;
  return { id, arguments: [...positional, ...named], settings: objectOf(settings) };
}

const isBeside = (key: string, value: JsonValue): boolean => {
  if (!(key in BESIDES)) return false;
  const harmless = BESIDES[key];
  return harmless === undefined || JSON.stringify(harmless) === JSON.stringify(value);
};

/** A constant among the settings. */
export const settingIn = ({ settings }: ReadOperation, name: string): JsonValue | undefined =>
  getMember(settings, name);
