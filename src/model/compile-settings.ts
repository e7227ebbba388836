import { isObject, type JsonValue, mapMembers } from '../json/json-value.js';
import type { Graph } from './model.js';

// Compile settings that may be keyed by the names of outputs.
const BY_OUTPUT: readonly string[] = ['loss', 'metrics', 'weighted_metrics', 'loss_weights', 'sample_weight_mode'];

/** Compile settings with outputs under other names. */
export function renameKeys(config: JsonValue | undefined, renamed: ReadonlyMap<string, string>): JsonValue | undefined {
  if (!isObject(config) || renamed.size === 0) return config;
  return mapMembers(config, (value, key) => {
    if (!BY_OUTPUT.includes(key) || !isObject(value)) return value;
    return {
      ...value,
      members: value.members.map((member) => {
        const name = renamed.get(member.key);
        return name === undefined ? member : { ...member, key: name, keyText: JSON.stringify(name) };
      }),
    };
  });
}

/**
 * Tells whether a model's outputs have their own keys, `{"mask": x}`: losses are then listed by these, not by layers.
 */
export const hasOutputKeys = (graph: Graph): boolean => graph.structures?.outputs.kind === 'dict';
