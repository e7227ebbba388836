import { fromPlain, type JsonValue, toPlain } from '../../../json/json-value.js';
import type { Argument } from '../../../model/call-arguments.js';
import { newLayer } from '../../../model/model.js';
import { biasOf } from './carry-operation.js';
import { type Constant, constantOf, fitsInto, mapConstant, numbersIn, simplified } from './constants.js';
import { addPlain, outputOf, type PieceBox, type Source } from './layer-pieces.js';
import {
  hasOnly,
  numbersOf,
  type Operation,
  type OperationRule,
  rankOf,
  settingsOf,
  tensorOf,
} from './operation-rules.js';
import { addRescaling, translateLayer } from './translate-layer.js';

// Sums, products and the like: of two tensors a merging layer, of a tensor and numbers a Rescaling, whose scale and offset
// may be lists: all three loaders broadcast them.

/** Merging layers align axes of unequal numbers in a way of their own: only tensors of one rank are certain. */
function merge({ box }: Operation, className: string, inputs: readonly Source[]): boolean {
  const ranks = new Set(inputs.map((input) => rankOf(box, input)));
  const dtypes = new Set(inputs.map((input) => outputOf(box, input).dtype));
  if (inputs.length < 2 || ranks.size !== 1 || ranks.has(undefined) || dtypes.size !== 1) return false;
  const { dtype } = outputOf(box, inputs[0]!);
  translateLayer(box, newLayer(className, box.layer, { dtype }), inputs);
  return true;
}

/** Computes with a tensor and numbers that leave its shape as it is; false where the numbers are not such. */
type WithNumbers = (box: PieceBox, tensor: Source, numbers: Constant) => boolean;

/**
 * @param className the layer that does it with two tensors
 * @param numbersFirst for numbers and a tensor
 * @param numbersLast for a tensor and numbers
 */
const binary =
  (className: string | undefined, numbersFirst: WithNumbers, numbersLast: WithNumbers): OperationRule =>
  (operation) => {
    const [first, second, ...more] = operation.arguments;
    const [left, right] = [tensorOf(first), tensorOf(second)];
    if (more.length > 0 || !hasOnly(settingsOf(operation))) return false;
    if (left !== undefined && right !== undefined)
      return className !== undefined && merge(operation, className, [left, right]);
    const tensor = left ?? right;
    if (tensor === undefined) return false;
    const compute = left === undefined ? numbersFirst : numbersLast;
    return withNumbers(operation.box, tensor, left === undefined ? first : second, compute);
  };

function withNumbers(box: PieceBox, tensor: Source, argument: Argument | undefined, compute: WithNumbers): boolean {
  const numbers = numbersOf(argument);
  if (numbers === undefined || !fitsInto(numbers, outputOf(box, tensor).shape)) return false;
  return compute(box, tensor, simplified(numbers));
}

const ONE = fromPlain(1);
const ZERO = fromPlain(0);
const MINUS_ONE = fromPlain(-1);

const rescale = (box: PieceBox, tensor: Source, scale: JsonValue, offset: JsonValue): true => {
  addRescaling(box, scale, offset, [tensor]);
  return true;
};

const never: WithNumbers = () => false;
const plus: WithNumbers = (box, tensor, { json }) => rescale(box, tensor, ONE, json);
const times: WithNumbers = (box, tensor, { json }) => rescale(box, tensor, json, ZERO);

const negated = (numbers: Constant): JsonValue =>
  mapConstant(numbers, (_, text) => ({ kind: 'number', text: text.startsWith('-') ? text.slice(1) : `-${text}` })).json;

/** One over a number as the loaders have it, in single precision: the product rounds once more than the division did. */
const over: WithNumbers = (box, tensor, numbers) => {
  const divisors = numbersIn(numbers).map(Math.fround);
  if (divisors.includes(0) || divisors.some((each) => !Number.isFinite(Math.fround(1 / each)))) return false;
  return rescale(
    box,
    tensor,
    constantOf(
      divisors.map((each) => 1 / each),
      numbers.shape,
    ).json,
    ZERO,
  );
};

/** A tensor of nothing but the numbers, in the shape of another one. */
const filled = (box: PieceBox, tensor: Source, { json }: Constant): Source => addRescaling(box, ZERO, json, [tensor]);

/** Behind a layer that takes two tensors stands the tensor first. */
const bound =
  (className: 'Maximum' | 'Minimum'): WithNumbers =>
  (box, tensor, numbers) => {
    const isRelu = className === 'Maximum' && toPlain(numbers.json) === 0;
    if (isRelu) addPlain(box, 'ReLU', {}, [tensor]);
    else addPlain(box, className, {}, [tensor, filled(box, tensor, numbers)]);
    return true;
  };

/** Whole powers that a few products make. */
const MOST_FACTORS = 4;

const power: WithNumbers = (box, tensor, { json }) => {
  const exponent = toPlain(json);
  if (typeof exponent !== 'number' || !Number.isInteger(exponent) || exponent < 1 || exponent > MOST_FACTORS)
    return false;
  if (exponent === 1) return rescale(box, tensor, ONE, ZERO);
  for (let product = tensor, factors = 1; factors < exponent; factors++)
    product = addPlain(box, 'Multiply', {}, [product, tensor]);
  return true;
};

/** A rule for the one tensor that an operation reads. */
const unary =
  (compute: (box: PieceBox, tensor: Source) => void): OperationRule =>
  (operation) => {
    const [first, ...more] = operation.arguments;
    const tensor = tensorOf(first);
    if (tensor === undefined || more.length > 0 || !hasOnly(settingsOf(operation))) return false;
    compute(operation.box, tensor);
    return true;
  };

const absolute = unary((box, tensor) => {
  const negative = addRescaling(box, MINUS_ONE, ZERO, [tensor]);
  addPlain(box, 'Maximum', {}, [tensor, negative]);
});

const addBias: OperationRule = (operation) => {
  const bias = biasOf(operation);
  const tensor = tensorOf(operation.arguments[0]);
  if (bias === undefined || tensor === undefined) return false;
  return withNumbers(operation.box, tensor, { kind: 'constant', json: bias.json }, plus);
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

/** From 0 up it is a ReLU with a ceiling. */
const clip: OperationRule = (operation) => {
  const tensor = tensorOf(operation.arguments[0]);
  const { box } = operation;
  const { x_min: low, x_max: high, ...rest } = settingsOf(operation);
  if (tensor === undefined || operation.arguments.length > 1 || !hasOnly(rest)) return false;
  if (typeof low !== 'number' || typeof high !== 'number' || low > high) return false;
  if (low === 0 && high > 0) {
    const { dtype } = outputOf(box, tensor);
    translateLayer(box, newLayer('ReLU', box.layer, { dtype, max_value: high }), [tensor]);
    return true;
  }
  const raised = addPlain(box, 'Maximum', {}, [tensor, filled(box, tensor, constantOf([low], []))]);
  addPlain(box, 'Minimum', {}, [raised, filled(box, tensor, constantOf([high], []))]);
  return true;
};

/** All layers compute in single precision: the numbers are what they were. */
const cast: OperationRule = (operation) => {
  const tensor = tensorOf(operation.arguments[0]);
  const settings = settingsOf(operation);
  if (tensor === undefined || settings.dtype !== 'float32' || !hasOnly(settings, 'dtype')) return false;
  addPlain(operation.box, 'Rescaling', { dtype: 'float32', scale: 1, offset: 0 }, [tensor]);
  return true;
};

/** By the name of the class in Keras 3. */
export const ARITHMETIC: Readonly<Record<string, OperationRule>> = {
  Add: binary('Add', plus, plus),
  AddN: addAll,
  BiasAdd: addBias,
  Multiply: binary('Multiply', times, times),
  Subtract: binary(
    'Subtract',
    (box, tensor, { json }) => rescale(box, tensor, MINUS_ONE, json),
    (box, tensor, numbers) => rescale(box, tensor, ONE, negated(numbers)),
  ),
  Divide: binary(undefined, never, over),
  TrueDivide: binary(undefined, never, over),
  Power: binary(undefined, never, power),
  Negative: unary((box, tensor) => rescale(box, tensor, MINUS_ONE, ZERO)),
  Absolute: absolute,
  Square: unary((box, tensor) => addPlain(box, 'Multiply', {}, [tensor, tensor])),
  Maximum: binary('Maximum', bound('Maximum'), bound('Maximum')),
  Minimum: binary('Minimum', bound('Minimum'), bound('Minimum')),
  Clip: clip,
  Cast: cast,
};
