import type { JsonMember, JsonObject } from '../../json/json-value.js';

/** An object's members in the order in which the loaders flatten it: by key. */
export const sortedMembers = (object: JsonObject): readonly JsonMember[] =>
  [...object.members].sort((left, right) => (left.key < right.key ? -1 : 1));
