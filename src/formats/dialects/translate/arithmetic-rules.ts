import { fromPlain, type JsonScalar, type JsonValue, numberOf } from '../../../json/json-value.js';
import { newLayer } from '../../../model/model.js';
import { addPlain, outputOf, type Source } from './layer-pieces.js';
import { numberToken, type Operation, type OperationRule, rankOf, tensorOf } from './operation-rules.js';
import { addRescaling, translateLayer } from './translate-layer.js';

// Sums, products and the like: of two tensors a merging layer, of a tensor and a number a Rescaling.

/** Merging layers align axes of unequal numbers in a way of their own: only tensors of one rank are certain. */
function merge({ box }: Operation, className: string, inputs: readonly Source[]): boolean {
  const ranks = new Set(inputs.map((input) => rankOf(box, input)));
  const dtypes = new Set(inputs.map((input) => outputOf(box, input).dtype));
  if (inputs.length < 2 || ranks.size !== 1 || ranks.has(undefined) || dtypes.size !== 1) return false;
  const { dtype } = outputOf(box, inputs[0]!);
  translateLayer(box, newLayer(className, box.layer, { dtype }), inputs);
  return true;
}

/** What a Rescaling is told to do what the operation does with this number; undefined where it cannot. */
type WithNumber = (number: JsonValue) => readonly [scale: JsonValue, offset: JsonValue] | undefined;

/**
 * @param className the layer that does it with two tensors
 * @param numberFirst for a number and a tensor
 * @param numberLast for a tensor and a number
 */
const binary =
  (className: string | undefined, numberFirst: WithNumber, numberLast: WithNumber): OperationRule =>
  (operation) => {
    const [first, second, ...more] = operation.arguments;
    const [left, right] = [tensorOf(first), tensorOf(second)];
    if (more.length > 0) return false;
    if (left !== undefined && right !== undefined)
      return className !== undefined && merge(operation, className, [left, right]);
    const tensor = left ?? right;
    const token = numberToken(left === undefined ? first : second);
    const numbers = token && (left === undefined ? numberFirst : numberLast)(token);
    if (tensor === undefined || numbers === undefined) return false;
    addRescaling(operation.box, numbers[0], numbers[1], [tensor]);
    return true;
  };

const ONE = fromPlain(1);
const ZERO = fromPlain(0);
const MINUS_ONE = fromPlain(-1);

const never: WithNumber = () => undefined;
const plus: WithNumber = (number) => [ONE, number];
const times: WithNumber = (number) => [number, ZERO];

const negated = (token: JsonValue): JsonValue => {
  const { text } = token as JsonScalar;
  return { kind: 'number', text: text.startsWith('-') ? text.slice(1) : `-${text}` };
};

/** 1 / c is exact for powers of two alone; any other would round twice. */
const over: WithNumber = (number) => {
  const value = numberOf(number)!;
  const power = Math.log2(Math.abs(value));
  return Number.isInteger(power) && 2 ** power === Math.abs(value) ? [fromPlain(1 / value), ZERO] : undefined;
};

const bothMaximum = binary('Maximum', never, never);

const maximum: OperationRule = (operation) => {
  const [first, second] = operation.arguments;
  const token = numberToken(first) ?? numberToken(second);
  const tensor = tensorOf(first) ?? tensorOf(second);
  if (token === undefined || tensor === undefined) return bothMaximum(operation);
  if (numberOf(token) !== 0) return false;
  addPlain(operation.box, 'ReLU', {}, [tensor]);
  return true;
};

const negative: OperationRule = ({ box, arguments: [first, ...more] }) => {
  const tensor = tensorOf(first);
  if (tensor === undefined || more.length > 0) return false;
  addRescaling(box, MINUS_ONE, ZERO, [tensor]);
  return true;
};

const addAll: OperationRule = (operation) => {
  const [first, ...more] = operation.arguments;
  if (first?.kind !== 'tensors' || more.length > 0) return false;
  return merge(
    operation,
    'Add',
    first.inputs.map((input) => ({ input })),
  );
};

/** By the name of the class in Keras 3, of the function in TensorFlow. */
export const ARITHMETIC: Readonly<Record<string, OperationRule>> = {
  'Add __operators__.add math.add add': binary('Add', plus, plus),
  'Multiply math.multiply multiply': binary('Multiply', times, times),
  'Subtract math.subtract subtract': binary(
    'Subtract',
    (number) => [MINUS_ONE, number],
    (number) => [ONE, negated(number)],
  ),
  'Divide TrueDivide math.truediv math.divide truediv divide': binary(undefined, never, over),
  'Negative math.negative negative': negative,
  'Maximum math.maximum maximum': maximum,
  'Minimum math.minimum minimum': binary('Minimum', never, never),
  'math.add_n': addAll,
};
