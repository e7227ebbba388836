import { getMember, type JsonMember, type JsonObject, stringOf } from '../../json/json-value.js';
import type { Graph } from '../../model/model.js';

/** What an entry says of the class of its model, and what goes with the class. */
const OF_THE_CLASS: readonly string[] = ['module', 'class_name', 'registered_name', 'build_config'];

/** Whether a model is to be again what its entry no longer says: Sequential, as it was before modules made it functional. */
export const isRestored = ({ read }: Graph, entry: JsonObject): boolean =>
  read !== undefined &&
  read.className === 'Sequential' &&
  stringOf(getMember(read.entry, 'class_name')) === 'Sequential' &&
  stringOf(getMember(entry, 'class_name')) !== 'Sequential';

/** The entry with all that goes with its class as it was, in the old order; all else is as it is now. */
export function restoredEntry(before: JsonObject, now: JsonObject): JsonObject {
  const others = new Map(now.members.map((member) => [member.key, member]));
  const members = before.members.flatMap((member): readonly JsonMember[] => {
    if (OF_THE_CLASS.includes(member.key)) return [member];
    const other = others.get(member.key);
    return other === undefined ? [] : [{ ...member, value: other.value }];
  });
  const known = new Set(members.map((member) => member.key));
  const added = now.members.filter(({ key }) => !known.has(key) && !OF_THE_CLASS.includes(key));
  return { ...before, members: [...members, ...added] };
}
