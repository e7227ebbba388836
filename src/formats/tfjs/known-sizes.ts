import { fromPlain, type Plain, withMember, withoutMember } from '../../json/json-value.js';
import { factsOf } from '../../layers/known-layers.js';
import type { Shape } from '../../layers/layer-facts.js';
import { shapeInside } from '../../model/facts-of-layer.js';
import { resolveGraph } from '../../model/graph-nodes.js';
import { type Graph, type Layer, mapGraphs, withConfig, withLayers } from '../../model/model.js';
import { inferShapes } from '../../model/shapes.js';
import { cannotConvert } from '../dialects/translate/cannot-convert.js';

/**
 * Writes out what TensorFlow.js does not work out (tfjs-layers 4.22): a Reshape's size of -1 stays unknown to the layers
 * behind it, every negative axis of a Concatenate is taken for the last one, and a Flatten wants three axes or more. A layer
 * inside a TimeDistributed is built for the length of its first call.
 * @throws RetrofitError `cannot-convert` where the sizes that it takes are not known, or differ from call to call
 */
export const withKnownSizes = (root: Graph): Graph =>
  mapGraphs(root, (graph) => (graph.layers.some(isConcerned) ? sizedGraph(graph) : graph));

const isConcerned = ({ className, wrappers, calls }: Layer): boolean =>
  className === 'Reshape' ||
  className === 'Flatten' ||
  className === 'Concatenate' ||
  (wrappers !== undefined && calls.length > 1);

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
  if (layer.className === 'Reshape') return sizedReshape(layer, inside);
  if (layer.className === 'Flatten') return sizedFlatten(layer, inside);
  return layer.className === 'Concatenate' ? sizedConcatenate(layer, inside) : layer;
}

function sizedReshape(layer: Layer, inputs: readonly (Shape | undefined)[]): Layer {
  const target = layer.settings.target_shape;
  if (!Array.isArray(target) || !target.includes(-1)) return layer;
  const [sizes, ...others] = inputs.map((shape) =>
    factsOf('Reshape', layer.settings).outputShape?.(layer.settings, [shape])?.slice(1),
  );
  // Where nothing behind it wants to know, TensorFlow.js works it out with the numbers.
  if (sizes === undefined || sizes.includes(null) || others.some((other) => String(other) !== String(sizes)))
    return layer;
  return withSetting(layer, 'target_shape', [...sizes]);
}

/** A Flatten of what is flat already is a Reshape into itself. */
function sizedFlatten(layer: Layer, inputs: readonly (Shape | undefined)[]): Layer {
  if (!inputs.some((shape) => shape?.length === 2)) return layer;
  const sizes = new Set(inputs.map((shape) => shape?.[1]));
  const [size] = sizes;
  if (typeof size !== 'number' || sizes.size > 1)
    throw cannotConvert(
      layer.name,
      'class_name',
      'it is a Flatten of what is flat already, which TensorFlow.js does not build',
      'leave the layer out of the model',
    );
  const plain = withoutMember(layer.config, 'data_format');
  return withSetting({ ...layer, className: 'Reshape', config: plain, entry: undefined }, 'target_shape', [size]);
}

function sizedConcatenate(layer: Layer, inputs: readonly (Shape | undefined)[]): Layer {
  const { axis } = layer.settings;
  if (typeof axis !== 'number' || axis >= -1) return layer;
  const ranks = new Set(inputs.map((shape) => shape?.length));
  const [rank] = ranks;
  if (rank === undefined || ranks.size > 1)
    throw cannotConvert(
      layer.name,
      'axis',
      `its axis is ${axis}, TensorFlow.js takes every negative axis for the last one, and which axis it is is not known`,
      'give the layer a positive axis',
    );
  return withSetting(layer, 'axis', axis + rank);
}

const withSetting = (layer: Layer, key: string, value: Plain): Layer =>
  withConfig(layer, withMember(layer.config, key, fromPlain(value)));
