import { factsOfLayer } from './facts-of-layer.js';
import { resolveGraph } from './graph-nodes.js';
import type { Graph, Layer } from './model.js';

/** Whether all inputs of a layer carry masks, in all calls, or only some. */
type Masked = 'all' | 'some';

/** The layers that are given masks, steps to be skipped, in a model and in the models inside it. */
export function maskedLayers(root: Graph): ReadonlyMap<Layer, Masked> {
  const masked = new Map<Layer, Masked>();
  follow(root, false, masked);
  return masked;
}

/** @returns whether the model gives masks on */
function follow(graph: Graph, isGiven: boolean, masked: Map<Layer, Masked>): boolean {
  const { nodes, nodeOf } = resolveGraph(graph);
  const inputs = new Set(graph.inputs.map((ref) => nodeOf(ref).id));
  const gives: boolean[] = [];
  for (const { id, layer, inputs: read } of nodes) {
    const sees = inputs.has(id) ? isGiven : read.some(({ node }) => gives[node]);
    const isWhole = inputs.has(id) || read.every(({ node }) => gives[node]);
    if (sees) masked.set(layer, isWhole && masked.get(layer) !== 'some' ? 'all' : 'some');
    if (layer.graph !== undefined) {
      gives.push(follow(layer.graph, sees, masked));
      continue;
    }
    const kind = factsOfLayer(layer).masking?.(layer.settings);
    gives.push(kind === 'makes' || (kind === 'passes' && sees));
  }
  return graph.outputs.some((ref) => gives[nodeOf(ref).id]);
}
