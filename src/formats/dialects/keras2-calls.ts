import { isArray, isObject, type JsonValue, type Plain, type PlainObject } from '../../json/json-value.js';
import { isOpLayer } from '../../layers/tensorflow-operations.js';
import type { Layer } from '../../model/model.js';
import { badReference } from './bad-topology.js';
import type { CallGrammar, WrittenCall, WrittenTensor } from './call-grammar.js';
import { firstNode } from './node-numbers.js';
import { sortedMembers } from './sorted-members.js';
import { type IsLayer, mapReferences, nameIn, readReference, type WrittenReference } from './tensor-references.js';
import { packStructure } from './write-structure.js';

// The Keras 2 way to say a call, which TensorFlow.js shares: a list of references, `[[layer, node, tensor, {...}], ...]`.

const toPlain = ({ layer, node, tensor }: WrittenReference): readonly Plain[] => [layer, node, tensor];

export const KERAS2_CALLS: CallGrammar = {
  readCall,
  mapCall: mapReferences,
  writeCall,
  // A single tensor stands in a list, from which Keras 2 takes it out again.
  writeEnds: (ends, structure) =>
    structure.kind === 'tensor' ? ends.map(toPlain) : packStructure(structure, ends.map(toPlain)),
  firstInCalls: firstNode,
  firstInEnds: firstNode,
};

/**
 * Keyword arguments stand behind every tensor. An op layer's function is called with its tensor itself, which a list
 * around the reference would not be.
 */
function writeCall({ className }: Layer, inputs: readonly WrittenTensor[], keywords: PlainObject): Plain {
  const [first, ...others] = inputs.map((input): Plain => [...toPlain(input), keywords]);
  return others.length === 0 && isOpLayer(className) ? first! : [first!, ...others];
}

/**
 * The entries in order, then tensors among the call arguments of the last entry: they are repeated on every entry and
 * the last wins.
 */
export function readCall(call: JsonValue, isLayer: IsLayer, layer: string, field: string): WrittenCall {
  const entries = entriesOf(call);
  const isConstant = (entry: JsonValue) => nameIn(entry) === '_CONSTANT_VALUE';
  const found = entries.flatMap((entry, index) => {
    const reference = readReference(entry, isLayer);
    if (reference !== undefined) return [reference];
    if (isConstant(entry)) return [];
    throw badReference(nameIn(entry), layer, `${field}[${index}]`);
  });
  const options = argumentsOf(entries.at(-1));
  return {
    references: options === undefined ? found : [...found, ...referencesIn(options, isLayer)],
    hasArguments: isObject(call) || entries.some((entry) => isConstant(entry) || saysSomething(argumentsOf(entry))),
  };
}

/** A call is a list of references; an op layer's is a single reference; a structured call is an object of them. */
function entriesOf(call: JsonValue): readonly JsonValue[] {
  if (isObject(call)) return sortedMembers(call).flatMap((member) => entriesOf(member.value));
  if (!isArray(call)) return [call];
  return nameIn(call) !== undefined ? [call] : call.items.map((item) => item.value);
}

const argumentsOf = (entry: JsonValue | undefined): JsonValue | undefined =>
  isArray(entry) ? entry.items[3]?.value : undefined;

/** Whether keyword arguments are more than names with nothing to them: `{"mask": null}`. */
export const saysSomething = (options: JsonValue | undefined): boolean =>
  isObject(options) && options.members.some(({ value }) => !(value.kind === 'literal' && value.text === 'null'));

function referencesIn(value: JsonValue, isLayer: IsLayer): readonly WrittenReference[] {
  const reference = readReference(value, isLayer);
  if (reference !== undefined) return [reference];
  if (isArray(value)) return value.items.flatMap((item) => referencesIn(item.value, isLayer));
  return isObject(value) ? sortedMembers(value).flatMap((member) => referencesIn(member.value, isLayer)) : [];
}
