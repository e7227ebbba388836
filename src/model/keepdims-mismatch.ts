import { factsOfLayer } from './facts-of-layer.js';
import type { GraphNode } from './graph-nodes.js';

/**
 * Nodes whose output has fewer dimensions in TensorFlow.js than its config says: global poolings with `keepdims`, which
 * TensorFlow.js ignores, and whatever takes its shape from them alone. Each with the pooling it comes from.
 */
export function findKeepdimsMismatches(nodes: readonly GraphNode[]): ReadonlyMap<number, number> {
  const pools = new Map<number, number>();
  for (const { id, layer, inputs } of nodes) {
    const { role } = factsOfLayer(layer);
    if (role === 'global-pool' && layer.settings.keepdims === true) pools.set(id, id);
    else if (layer.graph === undefined && role !== 'reshape' && role !== 'flatten' && inputs.length > 0) {
      // A full feature map brings its dimensions back where it meets a flat one.
      const sources = inputs.map(({ node }) => pools.get(node));
      if (sources[0] !== undefined && !sources.includes(undefined)) pools.set(id, sources[0]);
    }
  }
  return pools;
}
