import { type Graph, type Layer, type RetrofitRecord, samePath } from '../model/model.js';
import { restoreSequential } from './sequential-text.js';
import { freezeAgain } from './unfreeze.js';

/** What modules changed of a model besides its layers, undone when the last of them is gone: its form, and who is frozen. */
export function restoreForm(graph: Graph, record: RetrofitRecord | undefined): Graph {
  const formed = restoreAll(graph, record?.sequential ?? []);
  return record?.frozen === undefined ? formed : freezeAgain(formed, record.frozen);
}

/** Models that a module made functional become Sequential again, inner ones first. */
function restoreAll(
  graph: Graph,
  sequential: NonNullable<RetrofitRecord['sequential']>,
  path: readonly string[] = [],
): Graph {
  const layers = graph.layers.map((layer): Layer => {
    const inner = layer.graph && restoreAll(layer.graph, sequential, [...path, layer.name]);
    return inner === layer.graph ? layer : { ...layer, graph: inner };
  });
  const whole = layers.some((layer, index) => layer !== graph.layers[index]) ? { ...graph, layers } : graph;
  const own = sequential.find((entry) => samePath(entry.graph, path));
  return own === undefined ? whole : restoreSequential(whole, own);
}
