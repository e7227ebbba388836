import { defect } from '../../errors.js';
import {
  fromPlain,
  getMember,
  type JsonArray,
  type JsonObject,
  type JsonValue,
  withMember,
  withoutMember,
} from '../../json/json-value.js';
import type { Wording } from '../../layers/layer-facts.js';

/** The value without the white space it was read with: it goes into another document. Tokens stay. */
export function bareJson(value: JsonValue): JsonValue {
  if (value.kind === 'array')
    return { kind: 'array', items: value.items.map((item) => ({ value: bareJson(item.value) })) };
  if (value.kind !== 'object') return value;
  return objectOf(value.members.map((member) => [member.key, bareJson(member.value)]));
}

/** The config of a layer by which a loader is told of it. */
export function wordedConfig(config: JsonObject, { renamed = {}, fields }: Wording): JsonObject {
  const moved = Object.entries(renamed).reduce((all, [from, to]) => {
    const value = getMember(all, from);
    return value === undefined ? all : withMember(withoutMember(all, from), to, value);
  }, config);
  return Object.entries(fields).reduce(
    (all, [key, value]) => (value === undefined ? withoutMember(all, key) : withMember(all, key, fromPlain(value))),
    moved,
  );
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
