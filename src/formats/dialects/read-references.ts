import { inputError } from '../../errors.js';
import { isArray, isObject, type JsonObject, type JsonValue, stringOf } from '../../json/json-value.js';
import { badTopology } from './bad-topology.js';
import { readReference, type WrittenReference } from './tensor-references.js';

type IsLayer = (name: string) => boolean;

/**
 * The tensors of one call, in the order the loaders visit them: the entries in order, then tensors among the call
 * arguments of the last entry (they are repeated on every entry and the last wins), keys sorted.
 * @throws RetrofitError `bad-graph` for an entry that is neither a tensor of this model nor a constant
 */
export function listInputs(
  call: JsonValue,
  isLayer: IsLayer,
  layer: string,
  field: string,
): readonly WrittenReference[] {
  const entries = entriesOf(call);
  const found = entries.flatMap((entry, index) => {
    const reference = readReference(entry, isLayer);
    if (reference !== undefined) return [reference];
    if (nameIn(entry) === '_CONSTANT_VALUE') return [];
    throw badReference(nameIn(entry), layer, `${field}[${index}]`);
  });
  const last = entries.at(-1);
  const options = isArray(last) ? last.items[3]?.value : undefined;
  return options === undefined ? found : [...found, ...referencesIn(options, isLayer)];
}

/**
 * `input_layers` and `output_layers`: a list of references, one bare reference, or an object of them.
 * @throws RetrofitError `bad-graph` for what refers to no layer, `bad-topology` where there are none
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

/** A call is a list of references; an op layer's is a single reference; a structured call is an object of them. */
function entriesOf(call: JsonValue): readonly JsonValue[] {
  if (isObject(call)) return sortedMembers(call).flatMap((member) => entriesOf(member.value));
  if (!isArray(call)) return [call];
  return nameIn(call) !== undefined ? [call] : call.items.map((item) => item.value);
}

function referencesIn(value: JsonValue, isLayer: IsLayer): readonly WrittenReference[] {
  const reference = readReference(value, isLayer);
  if (reference !== undefined) return [reference];
  if (isArray(value)) return value.items.flatMap((item) => referencesIn(item.value, isLayer));
  return isObject(value) ? sortedMembers(value).flatMap((member) => referencesIn(member.value, isLayer)) : [];
}

const sortedMembers = (object: JsonObject) =>
  [...object.members].sort((left, right) => (left.key < right.key ? -1 : 1));

/** The name that a reference begins with. */
const nameIn = (value: JsonValue): string | undefined => (isArray(value) ? stringOf(value.items[0]?.value) : undefined);

function badReference(name: string | undefined, layer: string | undefined, field: string) {
  const what =
    name === undefined
      ? 'not a reference to a tensor'
      : `it refers to "${name}", which is no layer of this model, or not in a proper way`;
  return inputError('bad-graph', what, {
    where: { layer, field },
    hint: 'the model would not load anywhere: save it again from the program that made it',
  });
}
