import { defect } from '../../errors.js';
import type { JsonArray, JsonObject, JsonValue } from '../../json/json-value.js';

/** The value without the white space it was read with: it goes into another document. Tokens stay. */
export function bareJson(value: JsonValue): JsonValue {
  if (value.kind === 'array')
    return { kind: 'array', items: value.items.map((item) => ({ value: bareJson(item.value) })) };
  if (value.kind !== 'object') return value;
  return objectOf(value.members.map((member) => [member.key, bareJson(member.value)]));
}

/** An object of these members, in this order. Of two with one name each reader would take another. */
export function objectOf(members: readonly (readonly [key: string, value: JsonValue])[]): JsonObject {
  if (new Set(members.map(([key]) => key)).size < members.length)
    throw defect(`an object would have one name twice: ${members.map(([key]) => key).join(', ')}`, {});
  return { kind: 'object', members: members.map(([key, value]) => ({ key, keyText: JSON.stringify(key), value })) };
}

export const arrayOf = (values: readonly JsonValue[]): JsonArray => ({
  kind: 'array',
  items: values.map((value) => ({ value })),
});
