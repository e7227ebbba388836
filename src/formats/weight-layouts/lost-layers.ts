import { layerOrder } from '../../model/layer-order.js';
import type { Graph, Layer } from '../../model/model.js';
import type { Hdf5File } from '../../storage/hdf5.js';
import { listDatasets } from './keras-2-12-groups.js';
import { groupPath } from './read-legacy-hdf5.js';

/** Layers whose weights a file holds and that the model does not have any more, or has others for; with the model they were in. */
interface LostLayer {
  readonly layer: Layer;
  readonly isNested: boolean;
}

function listLost(before: Graph, after: Graph, isNested = false): readonly LostLayer[] {
  const now = new Map(layerOrder(after).map((layer) => [layer.name, layer]));
  return layerOrder(before).flatMap((layer): readonly LostLayer[] => {
    const kept = now.get(layer.name);
    if (kept === undefined || hasNewWeights(kept)) return [{ layer, isNested }];
    return layer.graph === undefined || kept.graph === undefined ? [] : listLost(layer.graph, kept.graph, true);
  });
}

/** Tells whether a layer replaces one that was read, with weights of its own. */
export const hasNewWeights = ({ weights }: Layer): boolean => weights.some(({ isNew }) => isNew);

/** Tells whether a file holds weights that the model lacks: they cannot be taken out of it, only left behind. */
export const hasLost = (before: Graph, after: Graph): boolean => listLost(before, after).length > 0;

/**
 * The objects of a legacy `.h5` that are left behind: groups of lost layers, and weights of lost layers in the groups of
 * nested models, with the groups that hold nothing else.
 */
export function findLostObjects(file: Hdf5File, before: Graph, after: Graph, base: string): (path: string) => boolean {
  const lost = listLost(before, after);
  const groups = new Set(lost.filter(({ isNested }) => !isNested).map(({ layer }) => groupPath(base, layer.name)));
  const datasets = new Set(
    lost
      .filter(({ isNested }) => isNested)
      .flatMap(({ layer }) =>
        layer.weights.flatMap(({ tensor }) => (tensor.source.kind === 'dataset' ? [tensor.source.path] : [])),
      ),
  );
  const isEmptied = (path: string): boolean => {
    const inside = listDatasets(file, path);
    return inside.length > 0 && inside.every((dataset) => datasets.has(dataset));
  };
  const holders = new Set([...new Set([...datasets].flatMap(listHolders))].filter(isEmptied));
  return (path) => groups.has(path) || datasets.has(path) || holders.has(path);
}

/** The groups around a dataset. */
const listHolders = (path: string): readonly string[] =>
  [...path.matchAll(/\//g)].flatMap(({ index }) => (index === 0 ? [] : [path.slice(0, index)]));
