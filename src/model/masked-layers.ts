import { factsOfLayer } from './facts-of-layer.js';
import { resolveGraph } from './graph-nodes.js';
import type { Graph, Layer } from './model.js';

/** The layers that are given masks, steps to be skipped, in a model and in the models inside it. */
export function maskedLayers(root: Graph): ReadonlySet<Layer> {
  const masked = new Set<Layer>();
  follow(root, false, masked);
  return masked;
}

/** @returns whether the model gives masks on */
function follow(graph: Graph, isGiven: boolean, masked: Set<Layer>): boolean {
  const { nodes, nodeOf } = resolveGraph(graph);
  const inputs = new Set(graph.inputs.map((ref) => nodeOf(ref).id));
  const gives: boolean[] = [];
  for (const { id, layer, inputs: read } of nodes) {
    const sees = inputs.has(id) ? isGiven : read.some(({ node }) => gives[node]);
    if (sees) masked.add(layer);
    if (layer.graph !== undefined) {
      gives.push(follow(layer.graph, sees, masked));
      continue;
    }
    const kind = factsOfLayer(layer).masking?.(layer.settings);
    gives.push(kind === 'makes' || (kind === 'passes' && sees));
  }
  return graph.outputs.some((ref) => gives[nodeOf(ref).id]);
}
