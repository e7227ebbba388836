import { getMember, isObject } from '../../json/json-value.js';
import type { Loader } from '../../layers/layer-facts.js';
import { inputShape } from '../../layers/other-layers.js';
import { MAX_KERAS_CHAIN } from '../../limits.js';
import { factsOfLayer } from '../../model/facts-of-layer.js';
import { resolveGraph } from '../../model/graph-nodes.js';
import { findKeepdimsMismatches } from '../../model/keepdims-mismatch.js';
import { longestWalk } from '../../model/layer-order.js';
import { type Graph, type Layer, outerSettings } from '../../model/model.js';
import { isReferenceList } from '../dialects/tensor-references.js';
import { findMisnumbered, MISNUMBERED } from '../tfjs/built-order.js';
import type { Blocker } from './class-blocker.js';
import { findSeveralOutputs, findShapeBlocker } from './shape-blocker.js';

/** Layers of TensorFlow.js are called as their config says; the name beside it is for references alone. */
const hasOtherName = (layer: Layer): boolean => layer.weights.length > 0 && outerSettings(layer).name !== layer.name;

/** A layer of a functional model without its calls, an input too, stops all loaders. */
const hasNoCalls = ({ entry, implicit }: Layer): boolean =>
  entry !== undefined && implicit !== true && getMember(entry, 'inbound_nodes') === undefined;

/**
 * Finds what stops a loader at a model, or at one inside another, besides what its layers are.
 * @param layer name of the layer that holds the model; its own at the root
 */
export function graphBlocker(graph: Graph, layer: string, loader: Loader): Blocker | undefined {
  const isAsRead = graph.kind === 'functional' && graph.read !== undefined && graph.read.className !== 'Sequential';
  const uncalled = isAsRead ? graph.layers.find(hasNoCalls) : undefined;
  if (uncalled !== undefined) return { layer: uncalled.name, field: 'inbound_nodes', reason: 'is missing' };
  if (loader === 'tfjs') {
    const field = ['input_layers', 'output_layers'].find((key) => {
      const ends = getMember(graph.read?.config, key);
      return ends !== undefined && !isReferenceList(ends);
    });
    if (field !== undefined) return { layer, field, reason: 'is no list of lists' };
    const other = graph.kind === 'functional' ? graph.layers.find(hasOtherName) : undefined;
    if (other !== undefined) {
      const reason = 'is not that of the entry, by which TensorFlow.js looks for its weights';
      return { layer: other.name, field: 'config.name', reason };
    }
    const misnumbered = findMisnumbered(graph);
    if (misnumbered !== undefined) return { layer: misnumbered, field: 'inbound_nodes', reason: MISNUMBERED };
    const [input, first] = graph.layers;
    if (input!.implicit && first!.graph === undefined && inputShape(input!.settings) === undefined) {
      const reason = 'is missing, and TensorFlow.js builds a Sequential model by it';
      return { layer: first!.name, field: 'batch_input_shape', reason };
    }
  }
  const mismatch = loader === 'tfjs' ? findKeepdimsMismatch(graph) : undefined;
  if (mismatch !== undefined) {
    return {
      layer: mismatch,
      field: 'keepdims',
      reason: 'is true, which TensorFlow.js ignores: the next layer sees too few dimensions',
    };
  }
  const shaped = findShapeBlocker(graph, loader) ?? findSeveralOutputs(graph, loader);
  if (shaped !== undefined) return shaped;
  const isUnnamed = isObject(graph.read?.config) && getMember(graph.read.config, 'name') === undefined;
  if (loader === 'keras2' && isUnnamed)
    return { layer, field: 'config', reason: 'has no name, without which Keras 2 does not take it for a model' };
  if (loader === 'keras3' && graph.kind === 'sequential') {
    if (graph.read?.config.kind === 'array') {
      return { layer, field: 'config', reason: 'is a list of layers, which Keras 3 no longer reads' };
    }
    const input = graph.layers[0]!;
    if (input.implicit && outerSettings(graph.layers[1]!).batch_input_shape !== undefined) {
      return {
        layer: graph.layers[1]!.name,
        field: 'batch_input_shape',
        reason: 'stands on the first layer; Keras 3 wants an InputLayer',
      };
    }
  }
  const depth = loader === 'tfjs' || graph.kind === 'sequential' ? 0 : longestWalk(graph);
  if (depth > MAX_KERAS_CHAIN) {
    return {
      layer,
      field: 'layers',
      reason: `is ${depth} layers deep; Keras walks a model by recursion and fails beyond about ${MAX_KERAS_CHAIN}`,
    };
  }
  return undefined;
}

/** A global pooling whose kept dimensions a layer behind it needs. */
function findKeepdimsMismatch(graph: Graph): string | undefined {
  const { nodes } = resolveGraph(graph);
  const mismatches = findKeepdimsMismatches(nodes);
  const reader = nodes.find(
    ({ layer, inputs }) =>
      factsOfLayer(layer).spatialRank !== undefined && inputs.some(({ node }) => mismatches.has(node)),
  );
  const pool = reader?.inputs.map(({ node }) => mismatches.get(node)).find((node) => node !== undefined);
  return pool === undefined ? undefined : nodes[pool]!.layer.name;
}
