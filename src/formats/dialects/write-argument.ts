import { fromPlain, type JsonValue, type Plain } from '../../json/json-value.js';
import type { Argument } from '../../model/call-arguments.js';
import type { Structure } from '../../model/model.js';

/** Writes an argument, given what is written for each tensor of the call. Numbers keep their tokens: 2.0 is not 2. */
export function writeArgument(argument: Argument, tensors: readonly Plain[]): JsonValue {
  switch (argument.kind) {
    case 'tensor':
      return fromPlain(tensors[argument.input]!);
    case 'tensors':
      return fromPlain(argument.inputs.map((input) => tensors[input]!));
    case 'constant':
      return argument.json;
    case 'structure':
      throw new Error('a call that is made here holds its tensors in no structure');
  }
}

/** The structure with these leaves in the places of its tensors, in the order in which the loaders flatten it. */
export function packStructure(structure: Structure, leaves: readonly Plain[]): Plain {
  let next = 0;
  const pack = (part: Structure): Plain => {
    if (part.kind === 'tensor') return leaves[next++]!;
    if (part.kind === 'list') return part.parts.map(pack);
    const packed = new Map([...part.parts].sort(([left], [right]) => (left < right ? -1 : 1)).map(packMember));
    const plain: Record<string, Plain> = Object.create(null);
    for (const key of part.parts.keys()) plain[key] = packed.get(key)!;
    return plain;
  };
  const packMember = ([key, part]: readonly [string, Structure]) => [key, pack(part)] as const;
  return pack(structure);
}
