import type { Loader } from '../../layers/layer-facts.js';
import type { Graph } from '../../model/model.js';
export function translateGraph(graph: Graph, _target: Loader): { graph: Graph; renamed: ReadonlyMap<string, string> } {
  throw new Error(`not yet: ${graph.name}`);
}
