import { factsOf } from '../layers/known-layers.js';
import type { Shape } from '../layers/layer-facts.js';
import { resolveGraph } from './graph-nodes.js';
import type { Graph } from './model.js';

/** The static shapes of every node's tensors, by node and tensor number; undefined where nothing is known. */
export type NodeShapes = readonly (readonly (Shape | undefined)[])[];

/**
 * Static shapes of a graph's nodes, in the order of `resolveGraph`. A nested model's inputs take the shapes it is
 * called with where its own input layers leave them open.
 * @param inputs shapes of the tensors the graph is called with, for a nested model
 */
export function inferShapes(graph: Graph, inputs: readonly (Shape | undefined)[] = []): NodeShapes {
  const { nodes, nodeOf } = resolveGraph(graph);
  const given = new Map(graph.inputs.map((ref, index) => [nodeOf(ref).id, inputs[index]]));
  const shapes: (readonly (Shape | undefined)[])[] = [];
  for (const node of nodes) {
    const read = node.inputs.map((input) => shapes[input.node]?.[input.tensor]);
    if (node.layer.graph !== undefined) {
      shapes.push(outputShapes(node.layer.graph, read));
      continue;
    }
    const facts = factsOf(node.layer.className, node.layer.settings);
    const shape = facts.outputShape?.(node.layer.settings, read);
    shapes.push([known(shape, given.get(node.id))]);
  }
  return shapes;
}

function outputShapes(graph: Graph, inputs: readonly (Shape | undefined)[]): readonly (Shape | undefined)[] {
  const shapes = inferShapes(graph, inputs);
  const { nodeOf } = resolveGraph(graph);
  return graph.outputs.map((ref) => shapes[nodeOf(ref).id]?.[ref.tensor]);
}

/** The more definite of two views of one tensor. */
function known(own: Shape | undefined, given: Shape | undefined): Shape | undefined {
  if (own === undefined || given === undefined || own.length !== given.length) return own ?? given;
  return own.map((size, axis) => size ?? given[axis]!);
}
