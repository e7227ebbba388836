import { getMember, isArray, isObject, type JsonObject, type JsonValue, stringOf } from '../../json/json-value.js';
import type { Call } from '../../model/model.js';
import { readReference } from './tensor-references.js';

/** An argument of a call. Tensors are numbers into the call's `inputs`. */
export type Argument =
  | { readonly kind: 'tensor'; readonly input: number }
  | { readonly kind: 'tensors'; readonly inputs: readonly number[] }
  | { readonly kind: 'constant'; readonly json: JsonValue }
  /** Tensors in a structure that is no plain list; `keys` where it is a dictionary of tensors. */
  | { readonly kind: 'structure'; readonly keys?: readonly string[] };

export interface CallArguments {
  readonly positional: readonly Argument[];
  readonly keywords: ReadonlyMap<string, Argument>;
}

type IsLayer = (name: string) => boolean;
type IsTensor = (value: JsonValue) => boolean;

/** The arguments of a call as either Keras writes them; of a call made here, its tensors alone. */
export function readArguments(call: Call, isLayer: IsLayer): CallArguments {
  const json = call.read?.json;
  if (json === undefined) return { positional: [plainTensors(call.inputs.length)], keywords: new Map() };
  if (isObject(json) && getMember(json, 'args') !== undefined) return readKeras3(json);
  return readKeras2(json, isLayer);
}

const plainTensors = (count: number): Argument =>
  count === 1
    ? { kind: 'tensor', input: 0 }
    : { kind: 'tensors', inputs: Array.from({ length: count }, (_, at) => at) };

function readKeras3(json: JsonObject): CallArguments {
  const isTensor: IsTensor = (value) => stringOf(getMember(value, 'class_name')) === '__keras_tensor__';
  const counter = argumentCounter(isTensor);
  const args = getMember(json, 'args');
  const positional = isArray(args) ? args.items.map((item) => counter(item.value)) : [];
  return { positional, keywords: readKeywords(getMember(json, 'kwargs'), counter) };
}

function readKeras2(json: JsonValue, isLayer: IsLayer): CallArguments {
  const isTensor: IsTensor = (value) => readReference(value, isLayer) !== undefined;
  const counter = argumentCounter(isTensor);
  if (!isArray(json)) return { positional: [counter(json)], keywords: new Map() };
  const nameIn = (value: JsonValue) => (isArray(value) ? stringOf(value.items[0]?.value) : undefined);
  const isEntry = (value: JsonValue) => isTensor(value) || nameIn(value) === '_CONSTANT_VALUE';
  // An operation's call is one entry, any other layer's a list of them.
  const entries = isEntry(json) ? [json] : json.items.map((item) => item.value);
  const read = entries.map((entry): Argument => {
    if (nameIn(entry) === '_CONSTANT_VALUE') return { kind: 'constant', json: (entry as typeof json).items[2]!.value };
    return counter(entry);
  });
  const inputs = read.flatMap((argument) => (argument.kind === 'tensor' ? [argument.input] : []));
  const first: Argument = isEntry(json) || read.length === 1 ? read[0]! : { kind: 'tensors', inputs };
  const last = entries.at(-1);
  return {
    positional: [read.every(({ kind }) => kind !== 'structure') ? first : { kind: 'structure' }],
    keywords: readKeywords(isArray(last) ? last.items[3]?.value : undefined, counter),
  };
}

type Counter = (value: JsonValue) => Argument;

/** Numbers tensors as they are met, which is the order of a call's `inputs`. */
function argumentCounter(isTensor: IsTensor): Counter {
  let next = 0;
  const countIn = (value: JsonValue): number => {
    if (isTensor(value)) return 1;
    if (isArray(value)) return value.items.reduce((sum, item) => sum + countIn(item.value), 0);
    return isObject(value) ? value.members.reduce((sum, member) => sum + countIn(member.value), 0) : 0;
  };
  return (value) => {
    if (isTensor(value)) return { kind: 'tensor', input: next++ };
    const count = countIn(value);
    if (count === 0) return { kind: 'constant', json: value };
    const first = next;
    next += count;
    if (isObject(value) && value.members.every((member) => isTensor(member.value)))
      return { kind: 'structure', keys: value.members.map((member) => member.key) };
    if (!isArray(value) || !value.items.every((item) => isTensor(item.value))) return { kind: 'structure' };
    return { kind: 'tensors', inputs: Array.from({ length: count }, (_, at) => first + at) };
  };
}

function readKeywords(json: JsonValue | undefined, counter: Counter): ReadonlyMap<string, Argument> {
  if (!isObject(json)) return new Map();
  const sorted = [...json.members].sort((left, right) => (left.key < right.key ? -1 : 1));
  return new Map(sorted.map((member) => [member.key, counter(member.value)]));
}
