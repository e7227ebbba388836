import type { Shape } from '../layers/layer-facts.js';
import { factsOfLayer, shapeInside, shapeOutside } from './facts-of-layer.js';
import { type GraphNode, resolveGraph } from './graph-nodes.js';
import type { Graph } from './model.js';
import { hintedShape } from './shape-hints.js';

/** The static shapes of every node's tensors, by node and tensor number; undefined where nothing is known. */
export type NodeShapes = readonly (readonly (Shape | undefined)[])[];

/**
 * Infers the static shapes of a graph's nodes, in the order of `resolveGraph`. A nested model's inputs take the shapes
 * it is called with where its own input layers leave them open; outputs of unknown layers take the shapes that other
 * layers imply.
 * @param inputs shapes of the tensors the graph is called with, for a nested model
 */
export function inferShapes(graph: Graph, inputs: readonly (Shape | undefined)[] = []): NodeShapes {
  return infer(graph, inputs, true);
}

/** The same from configs alone, without hints from other layers: Keras uses none when it loads a model. */
export const configShapes = (graph: Graph, inputs: readonly (Shape | undefined)[]): NodeShapes =>
  infer(graph, inputs, false);

function infer(graph: Graph, inputs: readonly (Shape | undefined)[], asksOthers: boolean): NodeShapes {
  const { nodes, nodeOf } = resolveGraph(graph);
  const given = new Map(graph.inputs.map((ref, index) => [nodeOf(ref).id, inputs[index]]));
  const shapes: (readonly (Shape | undefined)[])[] = [];
  for (const node of nodes) {
    const read = node.inputs.map((input) => shapes[input.node]?.[input.tensor]);
    const { layer } = node;
    if (layer.graph !== undefined) {
      const inside = read.map((each) => shapeInside(layer, each));
      shapes.push(outputShapes(layer.graph, inside, asksOthers).map((each) => shapeOutside(layer, each, read[0])));
      continue;
    }
    const facts = factsOfLayer(layer);
    const shape = known(facts.outputShape?.(layer.settings, read), given.get(node.id));
    // Of several outputs a layer tells the first alone.
    const isWhole = !asksOthers || (shape !== undefined && node.readers.every(({ tensor }) => tensor === 0));
    const [first, ...more] = isWhole ? [shape] : hintedShapes(nodes, node);
    shapes.push([shape ?? first, ...more]);
  }
  return shapes;
}

function hintedShapes(nodes: readonly GraphNode[], node: GraphNode): readonly (Shape | undefined)[] {
  const count = Math.max(0, ...node.readers.map((reader) => reader.tensor)) + 1;
  return Array.from({ length: count }, (_, tensor) => {
    const hinted = hintedShape(nodes, { node: node.id, tensor });
    return hinted === 'disagree' ? undefined : hinted;
  });
}

function outputShapes(
  graph: Graph,
  inputs: readonly (Shape | undefined)[],
  asksOthers: boolean,
): readonly (Shape | undefined)[] {
  const shapes = infer(graph, inputs, asksOthers);
  const { nodeOf } = resolveGraph(graph);
  return graph.outputs.map((ref) => shapes[nodeOf(ref).id]?.[ref.tensor]);
}

/** The more definite of two views of one tensor. */
function known(own: Shape | undefined, given: Shape | undefined): Shape | undefined {
  if (own === undefined || given === undefined || own.length !== given.length) return own ?? given;
  return own.map((size, axis) => size ?? given[axis]!);
}
