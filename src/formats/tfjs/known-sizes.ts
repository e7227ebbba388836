import type { Shape } from '../../layers/layer-facts.js';
import { factsOfLayer, shapeInside } from '../../model/facts-of-layer.js';
import { resolveGraph } from '../../model/graph-nodes.js';
import { withConfig } from '../../model/map-layers.js';
import { type Graph, type Layer, mapGraphs, withLayers } from '../../model/model.js';
import { inferShapes } from '../../model/shapes.js';
import { wordedConfig } from '../dialects/bare-json.js';
import { cannotConvert } from '../dialects/translate/cannot-convert.js';

/**
 * Writes out what TensorFlow.js does not work out (tfjs-layers 4.22): a Reshape's size of -1 stays unknown to the layers
 * behind it, every negative axis of a Concatenate is taken for the last one, and a Flatten wants three axes or more. A layer
 * inside a TimeDistributed is built for the length of its first call.
 * @throws RetrofitError `cannot-convert` where the sizes that it takes are not known, or differ from call to call
 */
export const withKnownSizes = (root: Graph): Graph =>
  mapGraphs(root, (graph) => (graph.layers.some(isConcerned) ? sizedGraph(graph) : graph));

const isConcerned = (layer: Layer): boolean =>
  factsOfLayer(layer).writtenForTfjs !== undefined || (layer.wrappers !== undefined && layer.calls.length > 1);

function sizedGraph(graph: Graph): Graph {
  const { nodes } = resolveGraph(graph);
  const shapes = inferShapes(graph);
  const given = new Map<Layer, (Shape | undefined)[]>();
  for (const {
    layer,
    inputs: [input],
  } of nodes)
    if (input !== undefined) given.set(layer, [...(given.get(layer) ?? []), shapes[input.node]?.[input.tensor]]);
  return withLayers(
    graph,
    graph.layers.map((layer) => (isConcerned(layer) ? sizedLayer(layer, given.get(layer) ?? []) : layer)),
  );
}

function sizedLayer(layer: Layer, given: readonly (Shape | undefined)[]): Layer {
  if (layer.wrappers !== undefined && new Set(given.map((shape) => shape?.[1])).size > 1)
    throw cannotConvert(
      layer.name,
      'inbound_nodes',
      'it is called on sequences of different lengths, and TensorFlow.js builds a TimeDistributed for one',
      'keep the model in the format it is in, or call another layer with the same weights',
    );
  const inside = given.map((shape) => shapeInside(layer, shape));
  const written = factsOfLayer(layer).writtenForTfjs?.(layer.settings, inside);
  if (written === undefined) return layer;
  if ('reason' in written) throw cannotConvert(layer.name, written.field, written.reason, written.hint);
  const { className } = written;
  const worded = className === undefined ? layer : { ...layer, className, entry: undefined };
  return withConfig(worded, wordedConfig(layer.config, written));
}
