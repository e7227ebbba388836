import { fromPlain, getMember, isArray, type JsonValue, numberOf, stringOf } from '../../../json/json-value.js';
import type { Shape } from '../../../layers/layer-facts.js';

/** Numbers that stand in a call or a config: one alone, or nested lists of them, all of one shape. */
export interface Constant {
  /** Plain lists, with the tokens that were read. */
  readonly json: JsonValue;
  readonly shape: readonly number[];
}

/** Objects by which Keras 3 writes arrays of NumPy and of its backend. */
const ARRAYS: readonly string[] = ['__numpy__', '__tensor__'];

/** Reads a value as numbers; undefined for anything else, NaN and infinity included. */
export function readConstant(value: JsonValue | undefined): Constant | undefined {
  const className = stringOf(getMember(value, 'class_name'));
  const json =
    className !== undefined && ARRAYS.includes(className) ? getMember(getMember(value, 'config'), 'value') : value;
  const shape = json && shapeOf(json);
  return shape && { json: bare(json), shape };
}

function shapeOf(json: JsonValue): readonly number[] | undefined {
  if (!isArray(json)) {
    const number = numberOf(json);
    return number !== undefined && Number.isFinite(number) ? [] : undefined;
  }
  const shapes = json.items.map((item) => shapeOf(item.value));
  const [first] = shapes;
  if (first === undefined || shapes.some((shape) => String(shape) !== String(first))) return undefined;
  return [shapes.length, ...first];
}

const bare = (json: JsonValue): JsonValue =>
  isArray(json) ? { kind: 'array', items: json.items.map((item) => ({ value: bare(item.value) })) } : json;

/** The constant with each number changed. */
export const mapConstant = (
  { json, shape }: Constant,
  map: (number: number, token: string) => JsonValue,
): Constant => ({
  json: mapNumbers(json, map),
  shape,
});

const mapNumbers = (json: JsonValue, map: (number: number, token: string) => JsonValue): JsonValue =>
  isArray(json)
    ? { kind: 'array', items: json.items.map((item) => ({ value: mapNumbers(item.value, map) })) }
    : map(numberOf(json)!, (json as { readonly text: string }).text);

/** All numbers of a constant, row by row. */
export function numbersIn({ json }: Constant): readonly number[] {
  const numbers: number[] = [];
  mapNumbers(json, (number) => {
    numbers.push(number);
    return json;
  });
  return numbers;
}

/** Numbers in a shape, as nested lists. */
export function constantOf(numbers: readonly number[], shape: readonly number[]): Constant {
  const nested = (from: number, [size, ...inner]: readonly number[]): JsonValue => {
    if (size === undefined) return fromPlain(numbers[from]!);
    const step = inner.reduce((product, each) => product * each, 1);
    return {
      kind: 'array',
      items: Array.from({ length: size }, (_, index) => ({ value: nested(from + index * step, inner) })),
    };
  };
  return { json: nested(0, shape), shape };
}

/** The constant without leading axes of one, and one number alone as a number: they broadcast alike. */
export function simplified(constant: Constant): Constant {
  const numbers = numbersIn(constant);
  if (numbers.length === 1) return constantOf(numbers, []);
  const first = constant.shape.findIndex((size) => size !== 1);
  let { json } = constant;
  for (let axis = 0; axis < first; axis++) if (isArray(json)) json = json.items[0]!.value;
  return { json, shape: constant.shape.slice(first) };
}

/** Tells whether a tensor keeps its shape when the constant is added to it. */
export function fitsInto({ shape }: Constant, tensor: Shape | undefined): boolean {
  if (shape.length === 0) return true;
  if (tensor === undefined || shape.length > tensor.length) return false;
  return shape.every((size, axis) => size === 1 || tensor[tensor.length - shape.length + axis] === size);
}
