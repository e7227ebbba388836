import type { JsonValue } from '../json/json-value.js';
import { hasOutputKeys, renameKeys } from '../model/compile-settings.js';
import type { Graph } from '../model/model.js';

/** Compile settings name outputs; where another layer became the output, they name that one. */
export function renameOutputs(config: JsonValue | undefined, before: Graph, after: Graph): JsonValue | undefined {
  // Outputs that a model returns by keys of their own keep those.
  if (hasOutputKeys(before)) return config;
  const renamed = new Map<string, string>();
  before.outputs.forEach((ref, index) => {
    const { layer } = after.outputs[index]!;
    if (layer !== ref.layer) renamed.set(ref.layer, layer);
  });
  return renameKeys(config, renamed);
}
