import { type Graph, listGraphs } from './model.js';
import type { Tensor } from './tensor.js';

// Keys for maps over a whole tree of models. Names may hold any character, so they are not just joined.

/** A key for maps over the graphs of a whole tree of models, by the names of the nested ones that lead to them. */
export const pathKey = (path: readonly string[]): string => JSON.stringify(path);

/** A key for maps over the layers of a whole tree of models; a nested model's is that of its graph. */
export const layerKey = (graph: readonly string[], layer: string): string => pathKey([...graph, layer]);

/**
 * A key for maps over the weights of a whole tree of models.
 * @param graph names of the nested models around the layer, outermost first
 */
export const weightKey = (graph: readonly string[], layer: string, weight: string): string =>
  JSON.stringify([graph, layer, weight]);

/** The tensors of a whole tree of models, by {@link weightKey}. */
export const tensorsByKey = (root: Graph): ReadonlyMap<string, Tensor> =>
  new Map(
    [...listGraphs(root)].flatMap(({ graph, path }) =>
      graph.layers.flatMap((layer) =>
        layer.weights.map(({ name, tensor }) => [weightKey(path, layer.name, name), tensor] as const),
      ),
    ),
  );
