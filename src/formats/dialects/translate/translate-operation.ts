import { getMember, type JsonObject, type JsonValue } from '../../../json/json-value.js';
import { isOpLayer } from '../../../layers/tensorflow-operations.js';
import type { CallArguments } from '../../../model/call-arguments.js';
import type { Layer } from '../../../model/model.js';
import { ARITHMETIC } from './arithmetic-rules.js';
import { cannotConvert } from './cannot-convert.js';
import { FUNCTIONS } from './function-rules.js';
import { outputOf, type PieceBox } from './layer-pieces.js';
import type { Operation, OperationRule } from './operation-rules.js';
import { SHAPES } from './shape-rules.js';

export const isOperation = (layer: Layer): boolean => layer.isOperation === true || isOpLayer(layer.className);

const RULES: ReadonlyMap<string, OperationRule> = new Map(
  [ARITHMETIC, FUNCTIONS, SHAPES].flatMap((rules) =>
    Object.entries(rules).flatMap(([ids, rule]) => ids.split(' ').map((id) => [id, rule] as const)),
  ),
);

const FLOATS: readonly string[] = ['float32', 'float16', 'bfloat16', 'float64'];

/**
 * The layers that compute what an operation does: neither TensorFlow.js nor the other Keras has it.
 * @throws RetrofitError `cannot-convert` where no layer is certain to do the same
 */
export function translateOperation(box: PieceBox, layer: Layer, call: CallArguments): void {
  const id = operationId(layer);
  const operation = readOperation(box, layer, call);
  // Of whole numbers a layer would make others: it computes in its own precision.
  const isFloat = FLOATS.includes(outputOf(box, { input: 0 }).dtype);
  if (isFloat && operation !== undefined && RULES.get(id)?.(operation) === true) return;
  throw cannotConvert(
    layer.name,
    layer.isOperation ? 'class_name' : 'function',
    `it is the operation ${id}, and no layer is certain to compute the same with these arguments`,
    'keep the model in the format it is in, or rebuild it with a layer in its place',
  );
}

/** `math.multiply` as TensorFlow calls it, `Multiply` as Keras 3 does. */
function operationId(layer: Layer): string {
  if (layer.isOperation) return layer.className.slice(layer.className.lastIndexOf('.') + 1);
  return typeof layer.settings.function === 'string' ? layer.settings.function : layer.className;
}

/** Names that TensorFlow gives operands; Keras 3 writes operands in order. */
const OPERANDS: readonly string[] = ['x', 'y'];

/** Fields of an operation's config that say nothing about what it does. */
const BESIDES: readonly string[] = ['name', 'trainable', 'dtype', 'function'];

function readOperation(box: PieceBox, layer: Layer, { positional, keywords }: CallArguments): Operation | undefined {
  const named = OPERANDS.flatMap((name) => keywords.get(name) ?? []);
  const others = [...keywords].filter(([name]) => !OPERANDS.includes(name));
  const settings = others.flatMap(([key, argument]) =>
    argument.kind === 'constant' && !isNull(argument.json)
      ? [{ key, keyText: JSON.stringify(key), value: argument.json }]
      : [],
  );
  // A tensor under a name that is not known could mean anything.
  if (others.some(([, argument]) => argument.kind !== 'constant')) return undefined;
  const own = layer.config.members.filter(({ key, value }) => !BESIDES.includes(key) && !isNull(value));
  const all: JsonObject = { kind: 'object', members: [...own, ...settings] };
  if (settings.some(({ key }) => getMember({ kind: 'object', members: own }, key) !== undefined)) return undefined;
  return { box, layer, arguments: [...positional, ...named], settings: all };
}

const isNull = (json: JsonValue): boolean => json.kind === 'literal' && json.text === 'null';
