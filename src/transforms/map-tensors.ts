import { defect } from '../errors.js';
import { mapLayers } from '../model/map-layers.js';
import type { Graph } from '../model/model.js';
import type { Tensor, Weight } from '../model/tensor.js';
import { weightKey } from '../model/weight-key.js';

/**
 * A graph in which some tensors are changed, each by the `weightKey` of its weight.
 * @throws RetrofitError `defect` where one of the weights is not there: the change would be lost
 */
export function changeTensors(graph: Graph, changes: ReadonlyMap<string, (before: Tensor) => Tensor>): Graph {
  const left = new Set(changes.keys());
  const changed = mapTensors(graph, ({ tensor }, key) => {
    left.delete(key);
    return changes.get(key)?.(tensor) ?? tensor;
  });
  for (const key of left) throw defect(`no layer has the weight ${key}, which is to be changed`, {});
  return changed;
}

/**
 * Maps the tensors of a graph's weights and of those of the models nested in it. Graphs and layers in which nothing
 * changes stay the same objects.
 * @param change returns the new tensor, or the same one where nothing changes, by the weight, its `weightKey` and the
 * name of its layer
 */
export function mapTensors(graph: Graph, change: (weight: Weight, key: string, layer: string) => Tensor): Graph {
  return mapLayers(graph, (layer, path) => {
    const weights = layer.weights.map((weight) => {
      const tensor = change(weight, weightKey(path, layer.name, weight.name), layer.name);
      return tensor === weight.tensor ? weight : { ...weight, tensor };
    });
    return weights.some((weight, index) => weight !== layer.weights[index]) ? { ...layer, weights } : layer;
  });
}
