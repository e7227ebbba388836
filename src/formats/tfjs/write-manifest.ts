import {
  fromPlain,
  getMember,
  isArray,
  isObject,
  type JsonArray,
  type JsonObject,
  type JsonValue,
  mapItems,
  stringOf,
  withItems,
  withMember,
} from '../../json/json-value.js';
import type { AppendedTensor, StoredGroup } from './plan-groups.js';

/** A new group, in a separate file. */
export interface AddedGroup {
  readonly file: string;
  readonly tensors: readonly AppendedTensor[];
}

/** The old manifest with its groups as they are now, and those that were added. */
export function newManifest(
  manifest: JsonArray,
  groups: readonly StoredGroup[],
  added: readonly AddedGroup[],
): JsonArray {
  const kept = manifest.items.flatMap((item, index) => {
    const group = groups[index]!;
    if (group.isEmpty) return [];
    return [{ ...item, value: newGroup(item.value as JsonObject, group) }];
  });
  const made = added.map(({ file, tensors }) => {
    const weights = tensors.map(({ name, tensor }) => ({ name, shape: tensor.shape, dtype: 'float32' }));
    return { value: fromPlain({ paths: [file], weights }) };
  });
  return withItems(manifest, [...kept, ...made]);
}

function newGroup(json: JsonObject, group: StoredGroup): JsonObject {
  const paths = getMember(json, 'paths') as JsonArray;
  const weights = getMember(json, 'weights') as JsonArray;
  const files = new Set(group.files.map((file) => file.path));
  const keptPaths = paths.items.filter((item) => files.has(stringOf(item.value)!));
  const keptWeights = weights.items.filter((_, index) => !group.dropped.has(index));
  const newPaths = keptPaths.length === paths.items.length ? paths : withItems(paths, keptPaths);
  const remaining = keptWeights.length === weights.items.length ? weights : withItems(weights, keptWeights);
  const newWeights = isArray(remaining)
    ? mapItems(remaining, (weight) => renamed(requantized(weight, group), group))
    : remaining;
  return withMember(withMember(json, 'paths', newPaths), 'weights', newWeights);
}

function renamed(weight: JsonValue, group: StoredGroup): JsonValue {
  const name = group.renamed.get(stringOf(getMember(weight, 'name'))!);
  return name === undefined ? weight : withMember(weight as JsonObject, 'name', fromPlain(name));
}

/** A quantised weight is doubled, or halved, by its scale and min: value = stored * scale + min. */
function requantized(weight: JsonValue, group: StoredGroup): JsonValue {
  const name = stringOf(getMember(weight, 'name'));
  const tensor = name === undefined ? undefined : group.requantized.get(name);
  const quantization = getMember(weight, 'quantization');
  if (tensor === undefined || !isObject(weight) || !isObject(quantization)) return weight;
  const { scale, min, texts } = tensor.quantization!;
  const factor = 2 ** tensor.exponent;
  const number = (value: number, text: string | undefined): JsonValue =>
    factor === 1 && text !== undefined ? { kind: 'number', text } : fromPlain(value * factor);
  const scaled = withMember(quantization, 'scale', number(scale!, texts?.scale));
  return withMember(weight, 'quantization', withMember(scaled, 'min', number(min!, texts?.min)));
}
