import { inputShape } from '../../layers/other-layers.js';
import { type Graph, type Layer, outerSettings, stepAxes } from '../../model/model.js';

/**
 * The number that Keras 2 and TensorFlow.js give a layer's first call: a model is called once while it is built, a
 * Sequential one only if it knows its input by then.
 */
export function firstNode(layer: Layer): number {
  const { graph } = layer;
  // A wrapper is a layer like others: nothing else calls the layer inside.
  if (graph === undefined || stepAxes(layer) > 0) return 0;
  if (graph.kind === 'functional' || isWritten(graph.layers[0]!, graph)) return 1;
  const first = graph.layers[1]!;
  return inputShape(outerSettings(first)) !== undefined || (first.graph !== undefined && firstNode(first) === 1)
    ? 1
    : 0;
}

/**
 * Tells whether a layer has an entry: an implicit input gets one in a model made here, and has none in one that was
 * read.
 */
export const isWritten = (layer: Layer, graph: Graph): boolean =>
  !layer.implicit || (graph.read === undefined && inputShape(layer.settings) !== undefined);
