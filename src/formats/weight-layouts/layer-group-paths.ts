import { snakeCase } from '../../layers/layer-names.js';
import { layerOrder } from '../../model/layer-order.js';
import { type Graph, type Layer, stepAxes } from '../../model/model.js';
import { pythonClass } from '../dialects/class-names.js';

/** Numbering of the layers' groups by a version of Keras. */
export interface LayerGroupNumbering {
  /** The group that holds them in their model's. */
  readonly group: string;
  /** By how much the layer whose group stands at a path advances the count of its class. */
  readonly step: (path: string) => number;
}

const TODAY: LayerGroupNumbering = { group: 'layers', step: () => 1 };

/**
 * Returns the groups of a model's layers in a `.weights.h5`: never under their names, but under their class in snake
 * case, counted within their model, in the order of `model.layers`.
 * Source: `_save_container_state` in keras/src/saving/saving_lib.py and tf_keras/src/saving/saving_lib.py.
 * @param holder path of the model's own group; empty for the root
 */
export function layerGroupPaths(
  graph: Graph,
  holder = '',
  numbering: LayerGroupNumbering = TODAY,
): ReadonlyMap<Layer, string> {
  const paths = new Map<Layer, string>();
  const counts = new Map<string, number>();
  for (const layer of layerOrder(graph)) {
    const segment = snakeCase(pythonClass(layer));
    const count = counts.get(segment) ?? 0;
    const path = `${holder}/${numbering.group}/${count === 0 ? segment : `${segment}_${count}`}`;
    counts.set(segment, count + numbering.step(path));
    paths.set(layer, path);
    if (layer.graph !== undefined)
      for (const [inner, place] of layerGroupPaths(layer.graph, modelPath(layer, path), numbering))
        paths.set(inner, place);
  }
  return paths;
}

/** Returns the group of the model inside a layer, or inside its wrappers. */
export const modelPath = (layer: Layer, path: string): string => path + '/layer'.repeat(stepAxes(layer));
