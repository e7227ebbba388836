import { type Graph, listGraphs, type Model, type RetrofitRecord } from './model.js';

/**
 * What was done to a model that was made of another. Keras keeps no record when it saves a model: if the modules are all
 * there, what the other model says of itself still holds.
 * @param from the other model, in the same words
 */
export function inheritedRecord(model: Model, from: Model): RetrofitRecord | undefined {
  if (model.record !== undefined || from.record === undefined) return model.record;
  const layers = layerKeys(model.graph);
  const isThere = from.record.modules.every(({ graph, name }) => layers.has(key(graph, `${name}_scale`)));
  return isThere ? from.record : undefined;
}

const key = (path: readonly string[], layer: string): string => JSON.stringify([...path, layer]);

const layerKeys = (root: Graph): ReadonlySet<string> =>
  new Set([...listGraphs(root)].flatMap(({ graph, path }) => graph.layers.map(({ name }) => key(path, name))));
