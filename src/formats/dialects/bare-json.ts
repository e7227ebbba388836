import type { JsonArray, JsonObject, JsonValue } from '../../json/json-value.js';

/** The value without the white space it was read with: it goes into another document. Tokens stay. */
export function bareJson(value: JsonValue): JsonValue {
  if (value.kind === 'array')
    return { kind: 'array', items: value.items.map((item) => ({ value: bareJson(item.value) })) };
  if (value.kind !== 'object') return value;
  return objectOf(value.members.map((member) => [member.key, bareJson(member.value)]));
}

/** An object of these members, in this order. */
export const objectOf = (members: readonly (readonly [key: string, value: JsonValue])[]): JsonObject => ({
  kind: 'object',
  members: members.map(([key, value]) => ({ key, keyText: JSON.stringify(key), value })),
});

export const arrayOf = (values: readonly JsonValue[]): JsonArray => ({
  kind: 'array',
  items: values.map((value) => ({ value })),
});
