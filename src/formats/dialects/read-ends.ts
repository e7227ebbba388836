import { isArray, isObject, type JsonValue } from '../../json/json-value.js';
import type { Structure } from '../../model/model.js';
import { badReference, badTopology } from './bad-topology.js';
import { sortedMembers } from './read-arguments.js';

import { type IsLayer, nameIn, readReference, type WrittenReference } from './tensor-references.js';

/**
 * Lists the references of `input_layers` or `output_layers`: a list of references, one bare reference, or a structure
 * of them.
 * @throws RetrofitError `bad-graph` for a reference to no layer, `bad-topology` where there are none
 */
export function listEnds(value: JsonValue | undefined, isLayer: IsLayer, field: string): readonly WrittenReference[] {
  if (value === undefined) throw badTopology('missing', field);
  const walk = (part: JsonValue): readonly WrittenReference[] => {
    const reference = readReference(part, isLayer);
    if (reference !== undefined) return [reference];
    if (isArray(part) && nameIn(part) === undefined) return part.items.flatMap((item) => walk(item.value));
    if (isObject(part)) return sortedMembers(part).flatMap((member) => walk(member.value));
    throw badReference(nameIn(part), undefined, field);
  };
  const found = walk(value);
  if (found.length === 0) throw badTopology('the model has none', field);
  return found;
}

/** Returns the structure of the references in `input_layers` or `output_layers`, which `listEnds` admits. */
export function structureOf(value: JsonValue, isLayer: IsLayer): Structure {
  if (isObject(value))
    return { kind: 'dict', parts: new Map(value.members.map((part) => [part.key, structureOf(part.value, isLayer)])) };
  if (!isArray(value) || readReference(value, isLayer) !== undefined) return { kind: 'tensor' };
  return { kind: 'list', parts: value.items.map((item) => structureOf(item.value, isLayer)) };
}
