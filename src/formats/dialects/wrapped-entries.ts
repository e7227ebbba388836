import { getMember, isObject, type JsonObject } from '../../json/json-value.js';
import type { Layer } from '../../model/model.js';

/**
 * The entry of a layer and, where it is a wrapper, of what it wraps, the layer itself last; undefined for what was made
 * here.
 */
export function listEntries({ entry, wrappers = [] }: Layer): readonly (JsonObject | undefined)[] {
  const entries = [entry];
  for (const { config } of wrappers) {
    const inside = entries.at(-1) === undefined ? undefined : getMember(config, 'layer');
    entries.push(isObject(inside) ? inside : undefined);
  }
  return entries;
}
