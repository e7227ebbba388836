import { fromPlain, type JsonValue, toPlain } from '../../../json/json-value.js';
import type { Argument } from '../../../model/call-arguments.js';
import { newLayer } from '../../../model/model.js';
import { biasOf } from './carry-operation.js';
import { type Constant, constantOf, fitsInto, mapConstant, numbersIn, simplified } from './constants.js';
import { addPlain, addRescaling, type LayerBuilder, outputOf, type Source } from './layer-builder.js';
import {
  hasOnly,
  numbersOf,
  type OperationCall,
  type OperationRule,
  rankOf,
  settingsOf,
  tensorOf,
} from './operation-rules.js';
import { translateLayer } from './translate-layer.js';

// Sums, products and the like: of two tensors a merging layer, of a tensor and numbers a Rescaling, whose scale and offset
// may be lists: all three loaders broadcast them.

/** Merging layers align axes of unequal numbers in a way of their own: only tensors of one rank are certain. */
function merge({ builder }: OperationCall, className: string, inputs: readonly Source[]): boolean {
  const ranks = new Set(inputs.map((input) => rankOf(builder, input)));
  const dtypes = new Set(inputs.map((input) => outputOf(builder, input).dtype));
  if (inputs.length < 2 || ranks.size !== 1 || ranks.has(undefined) || dtypes.size !== 1) return false;
  const { dtype } = outputOf(builder, inputs[0]!);
  translateLayer(builder, newLayer(className, builder.layer, { dtype }), inputs);
  return true;
}

/** Computes with a tensor and numbers that leave its shape as it is; false where the numbers are not such. */
type WithNumbers = (builder: LayerBuilder, tensor: Source, numbers: Constant) => boolean;

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
    return withNumbers(operation.builder, tensor, left === undefined ? first : second, compute);
  };

function withNumbers(
  builder: LayerBuilder,
  tensor: Source,
  argument: Argument | undefined,
  compute: WithNumbers,
): boolean {
  const numbers = numbersOf(argument);
  if (numbers === undefined || !fitsInto(numbers, outputOf(builder, tensor).shape)) return false;
  return compute(builder, tensor, simplified(numbers));
}

const ONE = fromPlain(1);
const ZERO = fromPlain(0);
const MINUS_ONE = fromPlain(-1);

const rescale = (builder: LayerBuilder, tensor: Source, scale: JsonValue, offset: JsonValue): true => {
  addRescaling(builder, scale, offset, [tensor]);
  return true;
};

const never: WithNumbers = () => false;
const plus: WithNumbers = (builder, tensor, { json }) => rescale(builder, tensor, ONE, json);
const times: WithNumbers = (builder, tensor, { json }) => rescale(builder, tensor, json, ZERO);

const negated = (numbers: Constant): JsonValue =>
  mapConstant(numbers, (_, text) => ({ kind: 'number', text: text.startsWith('-') ? text.slice(1) : `-${text}` })).json;

/** One over a number as the loaders have it, in single precision: the product rounds once more than the division did. */
const over: WithNumbers = (builder, tensor, numbers) => {
  const divisors = numbersIn(numbers).map(Math.fround);
  if (divisors.includes(0) || divisors.some((each) => !Number.isFinite(Math.fround(1 / each)))) return false;
  return rescale(
    builder,
    tensor,
    constantOf(
      divisors.map((each) => 1 / each),
      numbers.shape,
    ).json,
    ZERO,
  );
};

/** A tensor of nothing but the numbers, in the shape of another one. */
const filled = (builder: LayerBuilder, tensor: Source, { json }: Constant): Source =>
  addRescaling(builder, ZERO, json, [tensor]);

/** Writes a bound as a layer of two tensors: the tensor first, then the numbers. */
const bound =
  (className: 'Maximum' | 'Minimum'): WithNumbers =>
  (builder, tensor, numbers) => {
    const isRelu = className === 'Maximum' && toPlain(numbers.json) === 0;
    if (isRelu) addPlain(builder, 'ReLU', {}, [tensor]);
    else addPlain(builder, className, {}, [tensor, filled(builder, tensor, numbers)]);
    return true;
  };

/** Whole powers that a few products make. */
const MOST_FACTORS = 4;

const power: WithNumbers = (builder, tensor, { json }) => {
  const exponent = toPlain(json);
  if (typeof exponent !== 'number' || !Number.isInteger(exponent) || exponent < 1 || exponent > MOST_FACTORS)
    return false;
  if (exponent === 1) return rescale(builder, tensor, ONE, ZERO);
  for (let product = tensor, factors = 1; factors < exponent; factors++)
    product = addPlain(builder, 'Multiply', {}, [product, tensor]);
  return true;
};

/** A rule for the one tensor that an operation reads. */
const unary =
  (compute: (builder: LayerBuilder, tensor: Source) => void): OperationRule =>
  (operation) => {
    const [first, ...more] = operation.arguments;
    const tensor = tensorOf(first);
    if (tensor === undefined || more.length > 0 || !hasOnly(settingsOf(operation))) return false;
    compute(operation.builder, tensor);
    return true;
  };

const absolute = unary((builder, tensor) => {
  const negative = addRescaling(builder, MINUS_ONE, ZERO, [tensor]);
  addPlain(builder, 'Maximum', {}, [tensor, negative]);
});

const addBias: OperationRule = (operation) => {
  const bias = biasOf(operation);
  const tensor = tensorOf(operation.arguments[0]);
  if (bias === undefined || tensor === undefined) return false;
  return withNumbers(operation.builder, tensor, { kind: 'constant', json: bias.json }, plus);
};

const addAll: OperationRule = (operation) => {
  // A node of TensorFlow's graph has them one by one.
  const sources = operation.arguments.flatMap((each) =>
    each.kind === 'tensors' ? each.inputs.map((input) => ({ input })) : (tensorOf(each) ?? []),
  );
  const isAllTensors = operation.arguments.every(({ kind }) => kind === 'tensor' || kind === 'tensors');
  return isAllTensors && hasOnly(settingsOf(operation)) && merge(operation, 'Add', sources);
};

/** A clip from 0 up is a ReLU with a maximum. */
const clip: OperationRule = (operation) => {
  const tensor = tensorOf(operation.arguments[0]);
  const { builder } = operation;
  const { x_min: low, x_max: high, ...rest } = settingsOf(operation);
  if (tensor === undefined || operation.arguments.length > 1 || !hasOnly(rest)) return false;
  if (typeof low !== 'number' || typeof high !== 'number' || low > high) return false;
  if (low === 0 && high > 0) {
    const { dtype } = outputOf(builder, tensor);
    translateLayer(builder, newLayer('ReLU', builder.layer, { dtype, max_value: high }), [tensor]);
    return true;
  }
  const raised = addPlain(builder, 'Maximum', {}, [tensor, filled(builder, tensor, constantOf([low], []))]);
  addPlain(builder, 'Minimum', {}, [raised, filled(builder, tensor, constantOf([high], []))]);
  return true;
};

/** All layers compute in single precision: the numbers do not change. */
const cast: OperationRule = (operation) => {
  const tensor = tensorOf(operation.arguments[0]);
  const settings = settingsOf(operation);
  if (tensor === undefined || settings.dtype !== 'float32' || !hasOnly(settings, 'dtype')) return false;
  addPlain(operation.builder, 'Rescaling', { dtype: 'float32', scale: 1, offset: 0 }, [tensor]);
  return true;
};

/** Rules by the name of the class in Keras 3. */
export const ARITHMETIC: Readonly<Record<string, OperationRule>> = {
  Add: binary('Add', plus, plus),
  AddN: addAll,
  BiasAdd: addBias,
  Multiply: binary('Multiply', times, times),
  Subtract: binary(
    'Subtract',
    (builder, tensor, { json }) => rescale(builder, tensor, MINUS_ONE, json),
    (builder, tensor, numbers) => rescale(builder, tensor, ONE, negated(numbers)),
  ),
  Divide: binary(undefined, never, over),
  TrueDivide: binary(undefined, never, over),
  Power: binary(undefined, never, power),
  Negative: unary((builder, tensor) => rescale(builder, tensor, MINUS_ONE, ZERO)),
  Absolute: absolute,
  Square: unary((builder, tensor) => addPlain(builder, 'Multiply', {}, [tensor, tensor])),
  Maximum: binary('Maximum', bound('Maximum'), bound('Maximum')),
  Minimum: binary('Minimum', bound('Minimum'), bound('Minimum')),
  Clip: clip,
  Cast: cast,
};
