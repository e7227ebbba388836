import { LOADER_NAMES } from '../../../format-names.js';
import { fromPlain, type JsonObject } from '../../../json/json-value.js';
import { findOperation } from '../../../layers/operations/known-operations.js';
import { isNodeLayer } from '../../../layers/operations/tensorflow-nodes.js';
import type { CallArguments } from '../../../model/call-arguments.js';
import type { Layer } from '../../../model/model.js';
import { FLOATS } from '../../../model/tensor.js';
import { ARITHMETIC } from './arithmetic-rules.js';
import { cannotConvert } from './cannot-convert.js';
import { carryOver } from './carry-operation.js';
import { functionRule } from './function-rules.js';
import { INDEXING } from './indexing-rules.js';
import { type LayerBuilder, outputOf } from './layer-builder.js';
import { type OperationCall, type OperationRule, rankOf, settingsOf } from './operation-rules.js';
import type { ReadOperation } from './read-node.js';
import { operationId, readOperation } from './read-operation.js';
import { SHAPES } from './shape-rules.js';
import { SMALL_WHOLE } from './translate-dtype.js';

const RULES: ReadonlyMap<string, OperationRule> = new Map(
  [ARITHMETIC, SHAPES, INDEXING].flatMap((rules) => Object.entries(rules)),
);

/**
 * Translates an operation into the same one, or into layers that compute the same: TensorFlow.js has layers alone.
 * @throws RetrofitError `cannot-convert` where no translation is certain to be right
 */
export function translateOperation(builder: LayerBuilder, layer: Layer, call: CallArguments): void {
  const id = operationId(layer);
  const read = asTransposed(readOperation(layer, call), builder);
  if (read !== undefined && isComputed(id, builder) && translateRead({ ...read, builder })) return;
  const { target, hasOperations } = builder.dialects;
  // Keras 3 finds the operations of its .h5 files no more; of its other files it does.
  const isLayersAlone = target === 'keras3' && !hasOperations;
  const isOperationThere =
    isLayersAlone && read !== undefined && carryOver({ ...read, builder: { ...builder, parts: [] } });
  throw cannotConvert(
    layer.name,
    layer.isOperation ? 'class_name' : isNodeLayer(layer.className) ? 'node_def' : 'function',
    `it is the operation ${nameOf(layer, id)}: ${
      isLayersAlone
        ? 'an .h5 of Keras 3 holds layers alone, and none is certain to compute the same'
        : `for these arguments ${LOADER_NAMES[target]} has nothing that is certain to compute the same`
    }`,
    isOperationThere
      ? 'write it as .keras'
      : 'keep the model in the format it is in, or rebuild it with a layer in its place',
  );
}

const nameOf = (layer: Layer, id: string): string =>
  !layer.isOperation && typeof layer.settings.function === 'string' ? layer.settings.function : id;

/** Axes that change places are a new order of all of them, which both Kerases have, once it is known how many there are. */
function asTransposed(read: ReadOperation | undefined, builder: LayerBuilder): ReadOperation | undefined {
  const rank = rankOf(builder, { input: 0 });
  const axes = read && rank !== undefined ? findOperation(read.id)?.newOrder?.(settingsOf(read), rank) : undefined;
  return axes === undefined ? read : { ...read!, id: 'Transpose', settings: fromPlain({ axes }) as JsonObject };
}

function translateRead(operation: OperationCall): boolean {
  const { builder, id } = operation;
  const asFunction = functionRule(id);
  const rule = asFunction ?? RULES.get(id);
  if (!builder.dialects.hasOperations) return rule?.(operation) === true;
  // Operations that merge tensors, or that a layer exists for, become layers in the other Keras too: users know these.
  const isFirst = asFunction !== undefined || id in SHAPES || mergesTensors(operation);
  return isFirst
    ? rule?.(operation) === true || carryOver(operation)
    : carryOver(operation) || rule?.(operation) === true;
}

const mergesTensors = (operation: OperationCall): boolean =>
  operation.arguments.filter(({ kind }) => kind !== 'constant').length > 1;

/** On whole numbers a layer would give another result: it computes in its own precision. */
function isComputed(id: string, builder: LayerBuilder): boolean {
  const { dtype } = outputOf(builder, { input: 0 });
  const { settings, isDivision } = findOperation(id) ?? {};
  if (FLOATS.includes(dtype) || settings?.some(({ kind }) => kind === 'dtype')) return true;
  // Small ones, divided by a number, are single precision in both Kerases; of int32 Keras 2 makes double precision.
  return (
    isDivision === true && (SMALL_WHOLE.includes(dtype) || (builder.dialects.target === 'tfjs' && dtype === 'int32'))
  );
}
