import { type Graph, listGraphs } from './model.js';
import type { Tensor } from './tensor.js';
import { weightKey } from './weight-key.js';

/** The tensors of a whole tree of models, by {@link weightKey}. */
export const tensorsByKey = (root: Graph): ReadonlyMap<string, Tensor> =>
  new Map(
    [...listGraphs(root)].flatMap(({ graph, path }) =>
      graph.layers.flatMap((layer) =>
        layer.weights.map(({ name, tensor }) => [weightKey(path, layer.name, name), tensor] as const),
      ),
    ),
  );
