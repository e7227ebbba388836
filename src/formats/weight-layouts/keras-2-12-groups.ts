import type { Graph, Layer } from '../../model/model.js';
import type { Hdf5File } from '../../storage/hdf5.js';
import { weightFacts } from './hdf5-weights.js';
import { layerGroupPaths, modelPath } from './layer-group-paths.js';

// `.keras` and `.weights.h5` of TensorFlow 2.12 to 2.14, which no other version reads: the layers of a model are found
// as TensorFlow's checkpoints find them.

/** The group of a model's layers in these files. */
export const CHECKPOINT_GROUP = '_layer_checkpoint_dependencies';

/**
 * Finds the paths of the layers in such a file. Up to 2.13 a layer with weights counts twice for its class, as it is
 * listed twice among the dependencies (`layer_with_weights-0`, `layer-1`); 2.14 no longer counts a layer again.
 * Source: `Functional._layer_checkpoint_dependencies` and `_save_container_state` in keras/saving/saving_lib.py of
 * 2.13.
 */
export function checkpointPaths(file: Hdf5File, graph: Graph): ReadonlyMap<Layer, string> {
  const twice = pathsCounting(file, graph, 2);
  // Two layers of a class with weights stand under other names in each way: only one can be whole.
  const once = pathsCounting(file, graph, 1);
  return isWhole(file, once) ? once : twice;
}

const pathsCounting = (file: Hdf5File, graph: Graph, withWeights: number): ReadonlyMap<Layer, string> =>
  layerGroupPaths(graph, '', {
    group: CHECKPOINT_GROUP,
    step: (path) => (file.has(path) && listDatasets(file, path).length > 0 ? withWeights : 1),
  });

/** Tells whether every layer finds weights, as far as it is known to have some, and no weights are left over. */
const isWhole = (file: Hdf5File, paths: ReadonlyMap<Layer, string>): boolean =>
  [...paths].every(([layer, path]) => file.has(path) || !weightFacts(layer)?.length) &&
  findForeignGroup(file, paths, CHECKPOINT_GROUP) === undefined;

/** A group with weights that no layer claims. */
export function findForeignGroup(file: Hdf5File, paths: ReadonlyMap<Layer, string>, group: string): string | undefined {
  const claimed = new Set(paths.values());
  const holders = [
    '',
    ...[...paths].flatMap(([layer, path]) => (layer.graph === undefined ? [] : [modelPath(layer, path)])),
  ];
  return holders
    .map((holder) => `${holder}/${group}`)
    .filter((place) => file.has(place))
    .flatMap((place) => file.list(place).map(({ name }) => `${place}/${name}`))
    .find((path) => !claimed.has(path) && listDatasets(file, path).length > 0);
}

/** Paths of all datasets in a group and its groups, numbered ones in the order of their numbers. */
export function listDatasets(file: Hdf5File, group: string): readonly string[] {
  return file
    .list(group)
    .toSorted((left, right) => left.name.localeCompare(right.name, 'en', { numeric: true }))
    .flatMap(({ name, kind }) => (kind === 'dataset' ? [`${group}/${name}`] : listDatasets(file, `${group}/${name}`)));
}
