import { fromPlain, isArray, isObject, type JsonValue, type Plain, type PlainObject } from '../../json/json-value.js';
import { isOpLayer } from '../../layers/operations/tensorflow-operations.js';
import { type Argument, type CallArguments, isIdle } from '../../model/call-arguments.js';
import type { Layer } from '../../model/model.js';
import { badReference } from './bad-topology.js';
import { arrayOf, objectOf } from './bare-json.js';
import type { CallGrammar, WrittenCall, WrittenTensor } from './call-grammar.js';
import { firstNode } from './node-numbers.js';
import { argumentReader, sharedArguments, sortedMembers } from './read-arguments.js';

import { type IsLayer, mapReferences, nameIn, plainReference, readReference } from './tensor-references.js';
import { packStructure, writeArgument } from './write-argument.js';

// The Keras 2 way to say a call, which TensorFlow.js shares: a list of references, `[[layer, node, tensor, {...}], ...]`.

export const KERAS2_CALLS: CallGrammar = {
  readCall,
  mapCall: mapReferences,
  writeCall,
  writeArguments,
  // A single tensor stands in a list, from which Keras 2 takes it out again.
  writeEnds: (ends, structure) =>
    structure.kind === 'tensor' ? ends.map(plainReference) : packStructure(structure, ends.map(plainReference)),
  firstInCalls: firstNode,
  firstInEnds: firstNode,
};

/**
 * Keyword arguments stand behind every tensor. An op layer's function is called with its tensor itself, which a list
 * around the reference would not be.
 */
function writeCall({ className }: Layer, inputs: readonly WrittenTensor[], keywords: PlainObject): Plain {
  const [first, ...others] = inputs.map((input): Plain => [...plainReference(input), keywords]);
  return others.length === 0 && isOpLayer(className) ? first! : [first!, ...others];
}

/**
 * The first argument of an op layer's function, or of a layer, is its entry, or are its entries; all others stand among the
 * keywords.
 */
function writeArguments(
  { className }: Layer,
  { positional, keywords }: CallArguments,
  inputs: readonly WrittenTensor[],
): JsonValue {
  const tensors = inputs.map(plainReference);
  const options = objectOf([...keywords].map(([key, argument]) => [key, writeArgument(argument, tensors)]));
  const entry = (input: number) => arrayOf([...tensors[input]!.map(fromPlain), options]);
  const [first] = positional;
  if (first?.kind === 'tensors') return arrayOf(first.inputs.map(entry));
  if (first?.kind === 'tensor') return isOpLayer(className) ? entry(first.input) : arrayOf([entry(first.input)]);
  return arrayOf([fromPlain('_CONSTANT_VALUE'), fromPlain(-1), writeArgument(first!, tensors), options]);
}

/**
 * The entries in order, then tensors among the call arguments of the last entry: they are repeated on every entry and
 * the last wins.
 */
export function readCall(call: JsonValue, isLayer: IsLayer, layer: string, field: string): WrittenCall {
  const entries = entriesOf(call);
  const findTensor = (value: JsonValue) => readReference(value, isLayer);
  const { tensors, read, readKeywords } = argumentReader(findTensor);
  const isConstant = (entry: JsonValue) => findTensor(entry) === undefined && nameIn(entry) === '_CONSTANT_VALUE';
  for (const [index, entry] of entries.entries()) {
    if (findTensor(entry) === undefined && !isConstant(entry))
      throw badReference(nameIn(entry), layer, `${field}[${index}]`);
  }
  const readEntry = (entry: JsonValue): Argument =>
    isConstant(entry) && isArray(entry) ? { kind: 'constant', json: entry.items[2]!.value } : read(entry);
  const positional = isObject(call) ? [read(call)] : onlyArgument(entries.map(readEntry));
  const keywords = readKeywords(argumentsOf(entries.at(-1)));
  return {
    references: tensors,
    arguments: sharedArguments(positional, keywords),
    hasArguments: isObject(call) || entries.some((entry) => isConstant(entry) || saysSomething(argumentsOf(entry))),
  };
}

/** A layer is called with one argument: a tensor, a constant, or a list of tensors. */
function onlyArgument(entries: readonly Argument[]): readonly Argument[] {
  if (entries.length === 1) return entries;
  const inputs = entries.flatMap((entry) => (entry.kind === 'tensor' ? [entry.input] : []));
  return [inputs.length === entries.length ? { kind: 'tensors', inputs } : { kind: 'structure' }];
}

/** A call is a list of references; an op layer's is a single reference; a structured call is an object of them. */
function entriesOf(call: JsonValue): readonly JsonValue[] {
  if (isObject(call)) return sortedMembers(call).flatMap((member) => entriesOf(member.value));
  if (!isArray(call)) return [call];
  return nameIn(call) !== undefined ? [call] : call.items.map((item) => item.value);
}

const argumentsOf = (entry: JsonValue | undefined): JsonValue | undefined =>
  isArray(entry) ? entry.items[3]?.value : undefined;

/** Tells whether keyword arguments are more than names with nothing to them: `{"mask": null}`. */
export const saysSomething = (options: JsonValue | undefined): boolean =>
  isObject(options) && options.members.some((member) => !isIdle(member));
