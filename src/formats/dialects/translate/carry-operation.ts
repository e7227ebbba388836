import { fromPlain, type JsonObject, type JsonValue, type Plain, stringOf } from '../../../json/json-value.js';
import { axisOf } from '../../../layers/config.js';
import { factsOf } from '../../../layers/known-layers.js';
import type { Shape } from '../../../layers/layer-facts.js';
import { namesInBoth } from '../../../layers/operations.js';
import type { Argument, CallArguments } from '../../../model/call-arguments.js';
import { FLOATS } from '../../../model/tensor.js';
import { objectOf } from '../bare-json.js';
import { type Constant, constantOf, mapConstant, numbersIn } from './constants.js';
import { type IndexPart, indexedShape, readIndex, withoutEllipsis, writeIndex } from './index-keys.js';
import { addPart, type LayerBuilder, outputOf } from './layer-builder.js';
import { blockOf, hasOnly, numbersOf, type Operation, resizingOf, settingsOf, tensorOf } from './operation-rules.js';
import { settingIn } from './read-operation.js';

/** An operation as both Kerases have it. */
interface Carried {
  readonly id: string;
  readonly operands: readonly Argument[];
  readonly settings: JsonObject;
}

const BINARY = 'Add Subtract Multiply TrueDivide Divide Maximum Minimum Power Matmul'.split(' ');
const LISTS = ['Stack', 'Concatenate'];
const UNARY =
  'Negative Absolute Square Sqrt Rsqrt Reciprocal Exp Expm1 Log Log1p Sin Cos Floor Ceil Round Sign Erf'.split(' ');

/** Writes an operation as the same operation of the other Keras and says so; false where it is not certain to be one. */
export function carryOver(operation: Operation): boolean {
  const { builder } = operation;
  const { target } = builder.dialects;
  const carried = carry(operation);
  const names = carried && namesInBoth(carried.id);
  if (carried === undefined || names === undefined) return false;
  const { operands, settings } = carried;
  const tensors = operands.flatMap((each) =>
    each.kind === 'tensor' ? [each.input] : each.kind === 'tensors' ? each.inputs : [],
  );
  const dtypes = new Set(tensors.map((input) => outputOf(builder, { input }).dtype));
  if (tensors.length === 0 || (dtypes.size > 1 && carried.id !== 'Cast')) return false;
  const sources = tensors.map((input) => ({ input }));
  const numbered = renumbered(operands);
  const isKeras3 = target === 'keras3';
  const className = isKeras3 ? names.keras3 : carried.id === 'GetItem' ? 'SlicingOpLambda' : 'TFOpLambda';
  const config = isKeras3
    ? settings
    : objectOf([
        ['trainable', fromPlain(true)],
        ['dtype', fromPlain('float32')],
        ['function', fromPlain(names.tensorflow)],
      ]);
  addPart(builder, className, config, sources, {
    call: isKeras3 ? { positional: numbered, keywords: new Map() } : tensorflowCall(carried, numbered, names.settings),
    output: {
      shape: shapeOf(operation, carried),
      dtype: stringOf(settingIn(carried as never, 'dtype')) ?? [...dtypes][0]!,
    },
  });
  return true;
}

/** Tensors by their numbers among those of the operation that is written. */
function renumbered(operands: readonly Argument[]): readonly Argument[] {
  let next = 0;
  return operands.map((operand): Argument => {
    if (operand.kind === 'tensor') return { kind: 'tensor', input: next++ };
    if (operand.kind === 'tensors') return { kind: 'tensors', inputs: operand.inputs.map(() => next++) };
    return operand;
  });
}

/** TensorFlow's names for the operands after the first one. */
const SECOND: Readonly<Record<string, string>> = { Take: 'indices', GetItem: 'slice_spec', Matmul: 'b' };

function tensorflowCall(
  { id, settings }: Carried,
  [first, ...others]: readonly Argument[],
  names: Readonly<Record<string, string>> = {},
): CallArguments {
  const operands = others.map((operand) => [SECOND[id] ?? 'y', operand] as const);
  const constants = settings.members.map(({ key, value }): readonly [string, Argument] => [
    names[key] ?? key,
    { kind: 'constant', json: value },
  ]);
  return { positional: [first!], keywords: new Map([...operands, ...constants]) };
}

function carry(operation: Operation): Carried | undefined {
  const { id, arguments: operands, settings, builder } = operation;
  const isKeras3 = builder.dialects.target === 'keras3';
  const plain = settingsOf(operation);
  const [first, second, ...more] = operands;
  if (id === 'BiasAdd') return carryBias(operation);
  if (id === 'GetItem') {
    const parts = second?.kind === 'constant' ? readIndex(second.json) : undefined;
    if (first?.kind !== 'tensor' || parts === undefined || more.length > 0 || !hasOnly(plain)) return undefined;
    const written = withoutDots(parts, first, builder);
    if (!isKeras3 && written.some(({ kind }) => kind === 'ellipsis')) return undefined;
    const key: Argument = { kind: 'constant', json: writeIndex(written, isKeras3 ? 'keras3' : 'keras2') };
    return { id, operands: [first, key], settings };
  }
  if (BINARY.includes(id)) {
    if (id === 'Matmul' && operands.some(({ kind }) => kind !== 'tensor')) return undefined;
    if (!hasOnly(plain) || first === undefined || second === undefined || more.length > 0) return undefined;
    const written = [first, second].map((operand) => writeOperand(operand, operation));
    return written.includes(undefined) ? undefined : { id, operands: written as readonly Argument[], settings };
  }
  if (id === 'Take') {
    const indices = numbersOf(second);
    const isWhole = indices !== undefined && numbersIn(indices).every(Number.isInteger);
    if (first?.kind !== 'tensor' || !isWhole || more.length > 0 || typeof plain.axis !== 'number') return undefined;
    return hasOnly(plain, 'axis')
      ? { id, operands: [first, { kind: 'constant', json: indices.json }], settings }
      : undefined;
  }
  if (second !== undefined || first === undefined) return undefined;
  if (LISTS.includes(id))
    return first.kind === 'tensors' && hasOnly(plain, 'axis') ? { id, operands, settings } : undefined;
  if (first.kind !== 'tensor') return undefined;
  return UNARY.includes(id) ? (hasOnly(plain) ? { id, operands, settings } : undefined) : carryShaped(operation);
}

/** Replaces an ellipsis by the axes it covers, where they are known: `.keras` files of Keras 2 cannot express one. */
function withoutDots(parts: readonly IndexPart[], { input }: { readonly input: number }, builder: LayerBuilder) {
  const rank = outputOf(builder, { input }).shape?.length;
  return (rank === undefined ? undefined : withoutEllipsis(parts, rank)) ?? parts;
}

/** Writes an operand's numbers for the target; undefined for an operand that is neither a tensor nor numbers. */
function writeOperand(operand: Argument, { builder }: Operation): Argument | undefined {
  if (operand.kind === 'tensor') return operand;
  const numbers = numbersOf(operand);
  const isFloat = outputOf(builder, { input: 0 }).dtype.includes('float');
  // TensorFlow makes a whole number in front of a tensor one of int32.
  const written = numbers && isFloat ? mapConstant(numbers, (_, text) => floatToken(text)) : numbers;
  return written && { kind: 'constant', json: writeNumbers(written, builder.dialects.target === 'keras3') };
}

const floatToken = (text: string): JsonValue => ({ kind: 'number', text: /[.eE]/.test(text) ? text : `${text}.0` });

function writeNumbers({ json, shape }: Constant, isKeras3: boolean): JsonValue {
  if (!isKeras3 || shape.length === 0) return json;
  const config = objectOf([
    ['value', json],
    ['dtype', fromPlain('float32')],
  ]);
  return objectOf([
    ['class_name', fromPlain('__numpy__')],
    ['config', config],
  ]);
}

/** A bias has one number a channel, wherever the channels stand. */
export function biasOf({
  arguments: [, second],
  builder,
  arguments: [first],
  ...operation
}: Operation): Constant | undefined {
  const bias = numbersOf(second);
  const tensor = tensorOf(first);
  const rank = tensor && outputOf(builder, tensor).shape?.length;
  const { data_format: format = 'NHWC', ...rest } = settingsOf(operation);
  if (bias?.shape.length !== 1 || typeof format !== 'string' || !hasOnly(rest)) return undefined;
  if (!format.startsWith('NC')) return bias;
  return rank === undefined
    ? undefined
    : constantOf(numbersIn(bias), [bias.shape[0]!, ...Array<number>(rank - 2).fill(1)]);
}

function carryBias(operation: Operation): Carried | undefined {
  const bias = biasOf(operation);
  const [first] = operation.arguments;
  if (bias === undefined || first === undefined) return undefined;
  const json = writeNumbers(bias, operation.builder.dialects.target === 'keras3');
  return { id: 'Add', operands: [first, { kind: 'constant', json }], settings: objectOf([]) };
}

/** Operations of one tensor that have settings; undefined where one of them is not known. */
function carryShaped({ id, arguments: operands, settings, builder }: Operation): Carried | undefined {
  const plain = settingsOf({ settings });
  const isAxes = (value: unknown) => [value].flat().every((axis) => Number.isInteger(axis));
  const carried: Carried = { id, operands, settings };
  switch (id) {
    case 'Clip':
      return typeof plain.x_min === 'number' && typeof plain.x_max === 'number' && hasOnly(plain, 'x_min', 'x_max')
        ? carried
        : undefined;
    case 'Cast':
      return FLOATS.includes(String(plain.dtype)) && hasOnly(plain, 'dtype') ? carried : undefined;
    case 'ExpandDims':
      return typeof plain.axis === 'number' && hasOnly(plain, 'axis') ? carried : undefined;
    case 'Squeeze':
      return plain.axis !== undefined && isAxes(plain.axis) && hasOnly(plain, 'axis') ? carried : undefined;
    case 'Transpose':
      return Array.isArray(plain.axes) && isAxes(plain.axes) && hasOnly(plain, 'axes') ? carried : undefined;
    case 'Mean':
    case 'Max':
    case 'Min':
    case 'Sum':
    case 'Prod':
    case 'Var':
    case 'Std':
      return plain.axis !== undefined && isAxes(plain.axis) && hasOnly(plain, 'axis', 'keepdims') ? carried : undefined;
    case 'Reshape':
      return Array.isArray(plain.newshape) && isAxes(plain.newshape) && hasOnly(plain, 'newshape')
        ? carried
        : undefined;
    case 'Tile':
      return Array.isArray(plain.repeats) && isAxes(plain.repeats) && hasOnly(plain, 'repeats') ? carried : undefined;
    case 'Split': {
      const { indices_or_sections: given, axis = 0, ...others } = plain;
      const sections = hasOnly(others) && Number.isInteger(axis) ? sectionsFor(given, axis, builder) : undefined;
      return sections === undefined
        ? undefined
        : { ...carried, settings: fromPlain({ indices_or_sections: sections, axis }) as JsonObject };
    }
    case 'DepthToSpace': {
      const block = blockOf({ settings });
      const { data_format } = block ?? {};
      const format = builder.dialects.target === 'keras3' ? data_format : 'NHWC';
      return block && { ...carried, settings: fromPlain({ ...block, data_format: format }) as JsonObject };
    }
    case 'Resize': {
      const resizing = resizingOf({ settings });
      return resizing && { ...carried, settings: fromPlain(resizing) as JsonObject };
    }
    case 'Flip': {
      if (plain.axis === undefined || !isAxes(plain.axis) || !hasOnly(plain, 'axis')) return undefined;
      // TensorFlow wants a list.
      const axis = builder.dialects.target === 'keras3' ? plain.axis : [plain.axis].flat();
      return { ...carried, settings: fromPlain({ axis }) as JsonObject };
    }
    default:
      return undefined;
  }
}

/** Parts of a tensor: a number of equal ones, or a list, which holds sizes in TensorFlow, and places in Keras 3. */
function sectionsFor(given: Plain | undefined, axis: Plain, { inputs, dialects }: LayerBuilder): Plain | undefined {
  if (Number.isInteger(given)) return given;
  const shape = inputs[0]?.shape;
  const total = shape?.[axisOf(axis, shape.length) ?? -1];
  if (!Array.isArray(given) || !given.every(Number.isInteger) || dialects.source === dialects.target) return undefined;
  const numbers = given as readonly number[];
  if (dialects.target !== 'keras3') {
    if (total == null) return undefined;
    const sizes = [...numbers, total].map((place, index) => place - (numbers[index - 1] ?? 0));
    return sizes.every((size) => size >= 0) ? sizes : undefined;
  }
  let place = 0;
  return numbers.every((size) => size >= 0) ? numbers.slice(0, -1).map((size) => (place += size)) : undefined;
}

/** Returns the shape of the operation's output, constants among the operands included. */
function shapeOf({ builder }: Operation, { id, operands, settings }: Carried): Shape | undefined {
  const shapes = operands.flatMap((operand): readonly (Shape | undefined)[] => {
    if (operand.kind === 'tensor') return [outputOf(builder, { input: operand.input }).shape];
    if (operand.kind === 'tensors') return operand.inputs.map((input) => outputOf(builder, { input }).shape);
    const numbers = numbersOf(operand);
    return numbers === undefined ? [] : [numbers.shape];
  });
  const [tensor, second] = [shapes[0], operands[1]];
  if (id === 'GetItem')
    return tensor && second?.kind === 'constant' ? indexedShape(readIndex(second.json)!, tensor) : undefined;
  // Their facts do not see constants, or want a list.
  if (id === 'Take' || id === 'Stack') return undefined;
  const plain = settingsOf({ settings });
  return factsOf(namesInBoth(id)!.keras3, plain).outputShape?.(plain, shapes);
}
