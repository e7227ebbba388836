import { isArray, isObject, type JsonMember, type JsonObject, type JsonValue } from '../../json/json-value.js';
import { type Argument, type CallArguments, isIdle, tensorArguments } from '../../model/call-arguments.js';

/** Reads the arguments of one call in turn and collects their tensors, in the order in which the loaders flatten them. */
export interface ArgumentReader<Tensor> {
  readonly tensors: readonly Tensor[];
  readonly read: (value: JsonValue) => Argument;
  readonly readKeywords: (json: JsonValue | undefined) => ReadonlyMap<string, Argument>;
}

/**
 * @param findTensor the tensor that a value is, in the words of a dialect
 * @param isOpaque whether an object is one of Python's, which holds no tensor of the graph whatever stands in it
 */
export function argumentReader<Tensor>(
  findTensor: (value: JsonValue) => Tensor | undefined,
  isOpaque: (value: JsonValue) => boolean = () => false,
): ArgumentReader<Tensor> {
  const tensors: Tensor[] = [];
  const collect = (value: JsonValue): void => {
    const tensor = findTensor(value);
    if (tensor !== undefined) tensors.push(tensor);
    else if (isArray(value)) for (const item of value.items) collect(item.value);
    else if (isObject(value) && !isOpaque(value)) for (const member of sortedMembers(value)) collect(member.value);
  };
  const isTensor = (value: JsonValue) => findTensor(value) !== undefined;
  const read = (value: JsonValue): Argument => {
    const first = tensors.length;
    collect(value);
    const count = tensors.length - first;
    if (count === 0) return { kind: 'constant', json: value };
    if (isTensor(value)) return { kind: 'tensor', input: first };
    if (isObject(value) && value.members.every((member) => isTensor(member.value)))
      return { kind: 'structure', keys: value.members.map((member) => member.key) };
    if (!isArray(value) || !value.items.every((item) => isTensor(item.value))) return { kind: 'structure' };
    return { kind: 'tensors', inputs: Array.from({ length: count }, (_, at) => first + at) };
  };
  const readKeywords = (json: JsonValue | undefined): ReadonlyMap<string, Argument> =>
    isObject(json)
      ? new Map(
          sortedMembers(json)
            .filter((member) => !isIdle(member))
            .map((member) => [member.key, read(member.value)]),
        )
      : NONE;
  return { tensors, read, readKeywords };
}

const NONE: ReadonlyMap<string, Argument> = new Map();

/** The arguments, as one object for the many calls that read one tensor and say no more. */
export function sharedArguments(positional: readonly Argument[], keywords: CallArguments['keywords']): CallArguments {
  const isOneTensor = positional.length === 1 && positional[0]!.kind === 'tensor' && keywords.size === 0;
  return isOneTensor ? tensorArguments(1) : { positional, keywords };
}

/** An object's members in the order in which the loaders flatten it: by key. */
export const sortedMembers = (object: JsonObject): readonly JsonMember[] =>
  [...object.members].sort((left, right) => (left.key < right.key ? -1 : 1));
