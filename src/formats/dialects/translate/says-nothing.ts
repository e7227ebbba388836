import { isArray, isObject, type JsonValue } from '../../../json/json-value.js';

/** Whether an argument is none: null, or a structure of nulls, as Keras 3 writes the masks of several inputs. */
export function saysNothing(json: JsonValue): boolean {
  if (isArray(json)) return json.items.every((item) => saysNothing(item.value));
  if (isObject(json)) return json.members.every((member) => saysNothing(member.value));
  return json.kind === 'literal' && json.text === 'null';
}
