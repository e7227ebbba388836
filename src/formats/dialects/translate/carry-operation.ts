import {
  fromPlain,
  getMember,
  type JsonObject,
  type JsonValue,
  type Plain,
  type PlainObject,
  stringOf,
} from '../../../json/json-value.js';
import { axisOf } from '../../../layers/config.js';
import type { Shape } from '../../../layers/layer-facts.js';
import { findOperation, type Operation } from '../../../layers/operations/known-operations.js';
import type { SecondOperand, SettingKind } from '../../../layers/operations/operation-facts.js';
import type { Argument, CallArguments } from '../../../model/call-arguments.js';
import { FLOATS } from '../../../model/tensor.js';
import { objectOf } from '../bare-json.js';
import { type Constant, constantOf, mapConstant, numbersIn } from './constants.js';
import { type IndexPart, indexedShape, readIndex, withoutEllipsis, writeIndex } from './index-keys.js';
import { addPart, type LayerBuilder, outputOf, type Source } from './layer-builder.js';
import {
  blockOf,
  hasOnly,
  numbersOf,
  type OperationCall,
  resizingOf,
  settingsOf,
  tensorOf,
} from './operation-rules.js';

/** An operation as both Kerases have it. */
interface Carried {
  readonly known: Operation;
  readonly operands: readonly Argument[];
  readonly settings: JsonObject;
}

/** Writes an operation as the same operation of the other Keras and says so; false where it is not certain to be one. */
export function carryOver(operation: OperationCall): boolean {
  const { builder } = operation;
  const carried = carry(operation);
  if (carried === undefined) return false;
  const { known, operands, settings } = carried;
  const tensors = operands.flatMap((each) =>
    each.kind === 'tensor' ? [each.input] : each.kind === 'tensors' ? each.inputs : [],
  );
  const dtypes = new Set(tensors.map((input) => outputOf(builder, { input }).dtype));
  if (dtypes.size !== 1) return false;
  const sources = tensors.map((input) => ({ input }));
  const numbered = renumbered(operands);
  const isKeras3 = builder.dialects.target === 'keras3';
  const className = isKeras3 ? known.keras3! : known.second?.takes === 'index' ? 'SlicingOpLambda' : 'TFOpLambda';
  const config = isKeras3
    ? settings
    : objectOf([
        ['trainable', fromPlain(true)],
        ['dtype', fromPlain('float32')],
        ['function', fromPlain(known.functions[0]!)],
      ]);
  addPart(builder, className, config, sources, {
    call: isKeras3 ? { positional: numbered, keywords: new Map() } : tensorflowCall(known, numbered, settings),
    output: {
      shape: shapeOf(builder, carried),
      dtype: stringOf(getMember(settings, 'dtype')) ?? [...dtypes][0]!,
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

function tensorflowCall(
  { second, settings }: Operation,
  [first, ...others]: readonly Argument[],
  carried: JsonObject,
): CallArguments {
  const operands = others.map((operand) => [second!.name, operand] as const);
  const constants = carried.members.map(({ key, value }): readonly [string, Argument] => [
    settings.find(({ keras3 }) => keras3 === key)!.tensorflow,
    { kind: 'constant', json: value },
  ]);
  return { positional: [first!], keywords: new Map([...operands, ...constants]) };
}

function carry(operation: OperationCall): Carried | undefined {
  if (operation.id === 'BiasAdd') return carryBias(operation);
  const known = findOperation(operation.id);
  // An activation is a layer, or nothing that is certain.
  if (known?.keras3 === undefined || known.role === 'activation') return undefined;
  const operands = carryOperands(operation, known);
  const settings = carrySettings(operation, known);
  return operands && settings && { known, operands, settings };
}

function carryOperands(operation: OperationCall, { second, takesList }: Operation): readonly Argument[] | undefined {
  const { arguments: operands } = operation;
  const [first, other] = operands;
  if (operands.length !== (second === undefined ? 1 : 2)) return undefined;
  if (second?.takes !== 'either' && first!.kind !== (takesList ? 'tensors' : 'tensor')) return undefined;
  const written = [
    second?.takes === 'either' ? writeOperand(first!, operation) : first,
    ...(second === undefined ? [] : [SECOND[second.takes](other!, operation)]),
  ];
  return written.includes(undefined) ? undefined : (written as readonly Argument[]);
}

/** Writes the second operand for the target; undefined for one that is nothing certain. */
const SECOND: Readonly<
  Record<SecondOperand['takes'], (operand: Argument, operation: OperationCall) => Argument | undefined>
> = {
  either: writeOperand,
  tensor: (operand) => (operand.kind === 'tensor' ? operand : undefined),
  'whole numbers': (operand) => {
    const numbers = numbersOf(operand);
    return numbers && numbersIn(numbers).every(Number.isInteger) ? { kind: 'constant', json: numbers.json } : undefined;
  },
  index: (operand, { builder, arguments: [tensor] }) => {
    const parts = operand.kind === 'constant' ? readIndex(operand.json) : undefined;
    const written = parts && withoutDots(parts, tensorOf(tensor)!, builder);
    const isKeras3 = builder.dialects.target === 'keras3';
    if (written === undefined || (!isKeras3 && written.some(({ kind }) => kind === 'ellipsis'))) return undefined;
    return { kind: 'constant', json: writeIndex(written, isKeras3 ? 'keras3' : 'keras2') };
  },
};

const areWhole = (value: Plain | undefined) => [value].flat().every((each) => Number.isInteger(each));

/** Whether a setting is what its kind says. */
const IS_KIND: Readonly<Record<SettingKind, (value: Plain | undefined) => boolean>> = {
  number: (value) => typeof value === 'number',
  axes: areWhole,
  list: (value) => Array.isArray(value) && areWhole(value),
  dtype: (value) => FLOATS.includes(String(value)),
  any: () => true,
  coded: () => false,
};

/** Writes the settings for the target; undefined where one of them is not known. */
function carrySettings(operation: OperationCall, { id, settings: known }: Operation): JsonObject | undefined {
  const settings = settingsOf(operation);
  const code = CODED[id];
  if (code !== undefined) {
    const written = code(settings, operation);
    return written && (fromPlain(written) as JsonObject);
  }
  const areCertain = known.every(({ kind, keras3 }) => IS_KIND[kind](settings[keras3]));
  return areCertain && hasOnly(settings, ...known.map(({ keras3 }) => keras3)) ? operation.settings : undefined;
}

/** Replaces an ellipsis by the axes it covers, where they are known: `.keras` files of Keras 2 cannot express one. */
function withoutDots(parts: readonly IndexPart[], tensor: Source, builder: LayerBuilder) {
  const rank = outputOf(builder, tensor).shape?.length;
  return (rank === undefined ? undefined : withoutEllipsis(parts, rank)) ?? parts;
}

/** Writes an operand's numbers for the target; undefined for an operand that is neither a tensor nor numbers. */
function writeOperand(operand: Argument, { builder }: OperationCall): Argument | undefined {
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
}: OperationCall): Constant | undefined {
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

function carryBias(operation: OperationCall): Carried | undefined {
  const bias = biasOf(operation);
  const [first] = operation.arguments;
  if (bias === undefined || first === undefined) return undefined;
  const json = writeNumbers(bias, operation.builder.dialects.target === 'keras3');
  return { known: findOperation('Add')!, operands: [first, { kind: 'constant', json }], settings: objectOf([]) };
}

/** Settings that are other ones in the other Keras, by the operation. */
const CODED: Readonly<Record<string, (settings: PlainObject, operation: OperationCall) => PlainObject | undefined>> = {
  Split: ({ indices_or_sections: given, axis = 0, ...others }, { builder }) => {
    const sections = hasOnly(others) && Number.isInteger(axis) ? sectionsFor(given, axis, builder) : undefined;
    return sections === undefined ? undefined : { indices_or_sections: sections, axis };
  },
  DepthToSpace: (_, operation) => {
    const block = blockOf(operation);
    return block && operation.builder.dialects.target !== 'keras3' ? { ...block, data_format: 'NHWC' } : block;
  },
  Resize: (_, operation) => resizingOf(operation),
  Flip: ({ axis, ...others }, { builder }) => {
    if (axis === undefined || !areWhole(axis) || !hasOnly(others)) return undefined;
    // TensorFlow wants a list.
    return { axis: builder.dialects.target === 'keras3' ? axis : [axis].flat() };
  },
};

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
function shapeOf(builder: LayerBuilder, { known, operands, settings }: Carried): Shape | undefined {
  const shapes = operands.flatMap((operand): readonly (Shape | undefined)[] => {
    if (operand.kind === 'tensor') return [outputOf(builder, { input: operand.input }).shape];
    if (operand.kind === 'tensors') return operand.inputs.map((input) => outputOf(builder, { input }).shape);
    const numbers = numbersOf(operand);
    return numbers === undefined ? [] : [numbers.shape];
  });
  const [tensor, second] = [shapes[0], operands[1]];
  if (known.second?.takes === 'index')
    return tensor && second?.kind === 'constant' ? indexedShape(readIndex(second.json)!, tensor) : undefined;
  return known.outputShape?.(settingsOf({ settings }), shapes);
}
