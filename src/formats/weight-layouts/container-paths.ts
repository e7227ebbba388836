import { layerOrder } from '../../model/layer-order.js';
import { type Graph, type Layer, stepAxes } from '../../model/model.js';
import { pythonClass } from '../dialects/class-names.js';

/**
 * Where the layers of a model stand in a `.weights.h5`: never under their names, but under their class in snake case,
 * counted within their container, in the order of `model.layers`.
 * Source: `_save_container_state` in keras/src/saving/saving_lib.py and tf_keras/src/saving/saving_lib.py.
 * @param container path of the model's own group; empty for the root
 */
export function containerPaths(graph: Graph, container = ''): ReadonlyMap<Layer, string> {
  const paths = new Map<Layer, string>();
  const counts = new Map<string, number>();
  for (const layer of layerOrder(graph)) {
    const segment = snakeCase(pythonClass(layer));
    const count = counts.get(segment) ?? 0;
    counts.set(segment, count + 1);
    const path = `${container}/layers/${count === 0 ? segment : `${segment}_${count}`}`;
    paths.set(layer, path);
    if (layer.graph !== undefined)
      for (const [inner, place] of containerPaths(layer.graph, modelPath(layer, path))) paths.set(inner, place);
  }
  return paths;
}

/** Where the model stands that a layer is, or wraps, in the layer's group. */
export const modelPath = (layer: Layer, path: string): string => path + '/layer'.repeat(stepAxes(layer));

/** Source: `to_snake_case` in keras/src/utils/naming.py. */
const snakeCase = (name: string): string =>
  name
    .replace(/\W+/g, '')
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();
