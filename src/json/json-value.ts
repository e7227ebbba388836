/**
 * JSON that keeps its text: scalars keep their token (`1.0` stays `1.0`), containers keep their members' order and
 * the white space around them, so that writing what was read gives back the same bytes.
 *
 * White space is `undefined` in values made here: the document's own style fills it in when it is written.
 */
export type JsonValue = JsonScalar | JsonArray | JsonObject;

export interface JsonScalar {
  readonly kind: 'string' | 'number' | 'literal';
  /** The token as it is written in the text. */
  readonly text: string;
}

export interface JsonArray {
  readonly kind: 'array';
  readonly items: readonly JsonItem[];
  /** White space before the closing bracket. */
  readonly end?: string | undefined;
}

export interface JsonItem {
  readonly value: JsonValue;
  /** White space before the value (an item) or before the key (a member). */
  readonly lead?: string | undefined;
  /** White space between the value and the comma or bracket behind it. */
  readonly trail?: string | undefined;
}

export interface JsonObject {
  readonly kind: 'object';
  readonly members: readonly JsonMember[];
  readonly end?: string | undefined;
}

export interface JsonMember extends JsonItem {
  readonly key: string;
  /** The key's token, quotes included. */
  readonly keyText: string;
  /** The colon and the white space around it. */
  readonly colon?: string | undefined;
}

/** A whole text: its root value and the white space around it. */
export interface JsonDocument {
  readonly root: JsonValue;
  readonly lead: string;
  readonly trail: string;
}

/** Ordinary JSON data, objects without a prototype (a key may be `__proto__`). */
export type Plain = null | boolean | number | string | readonly Plain[] | PlainObject;
export interface PlainObject {
  readonly [key: string]: Plain | undefined;
}

export const isPlainObject = (value: Plain | undefined): value is PlainObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const isObject = (value: JsonValue | undefined): value is JsonObject => value?.kind === 'object';
export const isArray = (value: JsonValue | undefined): value is JsonArray => value?.kind === 'array';

/** The text of a string value; undefined for anything else. */
export function stringOf(value: JsonValue | undefined): string | undefined {
  return value?.kind === 'string' ? decodeString(value.text) : undefined;
}

/** The number of a number value; undefined for anything else. */
export function numberOf(value: JsonValue | undefined): number | undefined {
  return value?.kind === 'number' ? Number(value.text) : undefined;
}

export function decodeString(token: string): string {
  return token.includes('\\') ? (JSON.parse(token) as string) : token.slice(1, -1);
}

/** Converts a value to ordinary data. NaN and Infinity, which Python writes, become the numbers they name. */
export function toPlain(value: JsonValue): Plain {
  switch (value.kind) {
    case 'string':
      return decodeString(value.text);
    case 'number':
      return Number(value.text);
    case 'literal':
      return value.text === 'null' ? null : value.text === 'true';
    case 'array':
      return value.items.map((item) => toPlain(item.value));
    case 'object': {
      const plain: Record<string, Plain> = Object.create(null);
      for (const member of value.members) plain[member.key] = toPlain(member.value);
      return plain;
    }
  }
}

/** Ordinary data as a value that takes the style of the document it is put into. */
export function fromPlain(plain: Plain): JsonValue {
  if (plain === null || typeof plain === 'boolean') return { kind: 'literal', text: String(plain) };
  if (typeof plain === 'number') return { kind: 'number', text: String(plain) };
  if (typeof plain === 'string') return { kind: 'string', text: JSON.stringify(plain) };
  if (Array.isArray(plain)) return { kind: 'array', items: plain.map((value) => ({ value: fromPlain(value) })) };
  const members: JsonMember[] = [];
  for (const [key, value] of Object.entries(plain as PlainObject)) {
    if (value !== undefined) members.push(newMember(key, fromPlain(value)));
  }
  return { kind: 'object', members };
}

const newMember = (key: string, value: JsonValue): JsonMember => ({ key, keyText: JSON.stringify(key), value });

export function getMember(object: JsonValue | undefined, key: string): JsonValue | undefined {
  if (!isObject(object)) return undefined;
  return object.members.find((member) => member.key === key)?.value;
}

/** The object with the member replaced where it stands, or added at the end. The same object if nothing changes. */
export function withMember(object: JsonObject, key: string, value: JsonValue): JsonObject {
  const index = object.members.findIndex((member) => member.key === key);
  if (index < 0) return withMembers(object, [...object.members, newMember(key, value)]);
  const member = object.members[index]!;
  if (member.value === value) return object;
  return withMembers(object, object.members.with(index, { ...member, value }));
}

export function withoutMember(object: JsonObject, key: string): JsonObject {
  const members = object.members.filter((member) => member.key !== key);
  return members.length === object.members.length ? object : withMembers(object, members);
}

function withMembers(object: JsonObject, members: readonly JsonMember[]): JsonObject {
  return { kind: 'object', members: firstKeepsLead(object.members, members), end: endOf(object.members, object.end) };
}

/** The array with other items; items that were in it before keep the white space around them. */
export function withItems(array: JsonArray, items: readonly JsonItem[]): JsonArray {
  return { kind: 'array', items: firstKeepsLead(array.items, items), end: endOf(array.items, array.end) };
}

/** The array with every value mapped; the same array if none changed. */
export function mapItems(array: JsonArray, map: (value: JsonValue, index: number) => JsonValue): JsonArray {
  let changed = false;
  const items = array.items.map((item, index) => {
    const value = map(item.value, index);
    if (value === item.value) return item;
    changed = true;
    return { ...item, value };
  });
  return changed ? { ...array, items } : array;
}

/** The object with every value mapped; the same object if none changed. */
export function mapMembers(object: JsonObject, map: (value: JsonValue, key: string) => JsonValue): JsonObject {
  let changed = false;
  const members = object.members.map((member) => {
    const value = map(member.value, member.key);
    if (value === member.value) return member;
    changed = true;
    return { ...member, value };
  });
  return changed ? { ...object, members } : object;
}

// The first item's white space belongs to its place, not to the item: `[1, 2]` without the 1 is `[2]`, not `[ 2]`.
function firstKeepsLead<T extends JsonItem>(before: readonly T[], after: readonly T[]): readonly T[] {
  const first = after[0];
  if (first === undefined || before[0] === undefined || first === before[0] || !before.includes(first)) return after;
  return after.with(0, { ...first, lead: before[0].lead });
}

const endOf = (before: readonly unknown[], end: string | undefined) => (before.length === 0 ? undefined : end);
