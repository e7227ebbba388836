import { type Graph, type Layer, listGraphs, stepAxes } from '../../model/model.js';

/** The place of a model nested in another. */
export interface NestedPlace {
  readonly parent: Graph;
  readonly holder: Layer;
  /** The layer behind it in the parent's list. */
  readonly next: Layer | undefined;
}

/** The places of all models nested in one. */
export const listNestedPlaces = (root: Graph): ReadonlyMap<Graph, NestedPlace> =>
  new Map(
    [...listGraphs(root)].flatMap(({ graph: parent }) =>
      parent.layers.flatMap((holder, index) =>
        holder.graph === undefined ? [] : [[holder.graph, { parent, holder, next: parent.layers[index + 1] }] as const],
      ),
    ),
  );

/** Tells whether the model's output goes to a layer that wants a tensor; another model would take a list of one. */
export function feedsLayer({ parent, holder, next }: NestedPlace, places: ReadonlyMap<Graph, NestedPlace>): boolean {
  if (stepAxes(holder) > 0) return true;
  // The calls of a functional model name the tensors in the list.
  if (parent.kind === 'functional') return false;
  if (next !== undefined) return !takesList(next);
  const around = places.get(parent);
  return around !== undefined && feedsLayer(around, places);
}

const takesList = (layer: Layer): boolean =>
  layer.graph !== undefined && stepAxes(layer) === 0 && !layer.graph.layers.some((inner) => inner.implicit);
