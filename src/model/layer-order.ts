import { isInput } from '../layers/known-layers.js';
import { resolveGraph } from './graph-nodes.js';
import type { Graph, Layer } from './model.js';

/**
 * The order of `model.layers` in tf-keras, Keras 3 and TensorFlow.js. A functional model's is computed from the graph:
 * by depth (the distance to the outputs), then by the order in which a walk from the outputs first meets each layer.
 * A Sequential model keeps the order it is written in. Operations of Keras 3 count in the depths and are no layers.
 * Source: `map_graph_network` in tf_keras/src/engine/functional.py and keras/src/models/functional.py.
 */
export function layerOrder(graph: Graph): readonly Layer[] {
  // A Sequential model's input is no layer of it, written or not.
  if (graph.kind === 'sequential') return graph.layers.filter((layer) => !isInput(layer.className));

  const { nodes, nodeOf } = resolveGraph(graph);
  const met = new Map<Layer, number>();
  const finished: number[] = [];
  const seen = new Set<number>();
  for (const ref of graph.outputs) {
    const stack = [{ id: nodeOf(ref).id, next: -1 }];
    while (stack.length > 0) {
      const top = stack[stack.length - 1]!;
      const node = nodes[top.id]!;
      if (top.next === -1) {
        if (seen.has(top.id)) {
          stack.pop();
          continue;
        }
        seen.add(top.id);
        if (!met.has(node.layer)) met.set(node.layer, met.size);
        top.next = 0;
      }
      const input = node.inputs[top.next++];
      if (input !== undefined) {
        if (!seen.has(input.node)) stack.push({ id: input.node, next: -1 });
        continue;
      }
      finished.push(top.id);
      stack.pop();
    }
  }

  const layerDepth = new Map<Layer, number>();
  const nodeDepth = new Map<number, number>();
  for (const id of finished.reverse()) {
    const node = nodes[id]!;
    const depth = Math.max(nodeDepth.get(id) ?? 0, layerDepth.get(node.layer) ?? 0);
    layerDepth.set(node.layer, depth);
    nodeDepth.set(id, depth);
    for (const input of node.inputs) nodeDepth.set(input.node, Math.max(nodeDepth.get(input.node) ?? 0, depth + 1));
  }
  for (const ref of graph.inputs) {
    const { layer } = nodeOf(ref);
    if (!layerDepth.has(layer)) {
      layerDepth.set(layer, 0);
      met.set(layer, -1);
    }
  }
  return graph.layers
    .filter((layer) => layerDepth.has(layer) && !layer.isOperation)
    .sort((left, right) => layerDepth.get(right)! - layerDepth.get(left)! || met.get(left)! - met.get(right)!);
}

/** Returns the depth of Keras' recursive walk from the outputs: beyond about a thousand layers it fails. */
export function longestWalk(graph: Graph): number {
  const { nodes, nodeOf } = resolveGraph(graph);
  const entered = new Set<number>();
  let longest = 0;
  for (const ref of graph.outputs) {
    const path = [{ id: nodeOf(ref).id, next: 0 }];
    entered.add(path[0]!.id);
    while (path.length > 0) {
      longest = Math.max(longest, path.length);
      const top = path[path.length - 1]!;
      const input = nodes[top.id]!.inputs[top.next++];
      if (input === undefined) path.pop();
      else if (!entered.has(input.node)) {
        entered.add(input.node);
        path.push({ id: input.node, next: 0 });
      }
    }
  }
  return longest;
}
