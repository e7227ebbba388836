import { getMember, isObject, type JsonObject } from '../../json/json-value.js';
import type { Layer } from '../../model/model.js';

/** The member by which a `.keras` says that one Python object stands in several places. */
export const SHARED_OBJECT = 'shared_object_id';

/** Lists the entries of a layer and of the layers it wraps, the innermost last; undefined for layers made here. */
export function listEntries({ entry, wrappers = [] }: Layer): readonly (JsonObject | undefined)[] {
  const entries = [entry];
  for (const { config } of wrappers) {
    const inside = entries.at(-1) === undefined ? undefined : getMember(config, 'layer');
    entries.push(isObject(inside) ? inside : undefined);
  }
  return entries;
}
