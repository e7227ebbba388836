import { inputError } from '../../errors.js';
import { factsOf } from '../../layers/known-layers.js';
import { type Graph, type Layer, listGraphs } from '../../model/model.js';
import type { Weight } from '../../model/tensor.js';
import type { LocatedGroup, LocatedSpec } from './tfjs-source.js';

/**
 * Gives every layer its weights. TensorFlow.js matches by name: `<layer>/<weight>`, without the names of nested
 * models, and layer names may hold slashes themselves: the longest layer name that fits is the one.
 * @throws RetrofitError `weights-mismatch` for a weight that belongs to no layer, or to two
 */
export function attachWeights(graph: Graph, groups: readonly LocatedGroup[]): Graph {
  const owners = new Map<string, Layer[]>();
  for (const { graph: inner } of listGraphs(graph)) {
    for (const layer of inner.layers) {
      if (layer.graph !== undefined || !mayHaveWeights(layer)) continue;
      owners.set(layer.name, [...(owners.get(layer.name) ?? []), layer]);
    }
  }
  const weights = new Map<Layer, Weight[]>();
  for (const spec of groups.flatMap((group) => group.specs)) {
    if (spec.isOptimizer) continue;
    const { layer, name } = ownerOf(spec, owners);
    const { dtype, shape, quantization } = spec;
    const weight = {
      name,
      tensor: { dtype, shape, quantization, source: { kind: 'stored', ranges: spec.ranges }, exponent: 0 },
    } as const;
    const list = weights.get(layer);
    if (list === undefined) weights.set(layer, [weight]);
    else list.push(weight);
  }
  return withWeights(graph, weights);
}

function mayHaveWeights(layer: Layer): boolean {
  const facts = factsOf(layer.className, layer.settings);
  return facts.weights === undefined || facts.weights(layer.settings, [])?.length !== 0;
}

function ownerOf(spec: LocatedSpec, owners: ReadonlyMap<string, readonly Layer[]>): { layer: Layer; name: string } {
  for (let end = spec.name.lastIndexOf('/'); end > 0; end = spec.name.lastIndexOf('/', end - 1)) {
    const layers = owners.get(spec.name.slice(0, end));
    if (layers === undefined) continue;
    if (layers.length > 1) {
      throw inputError(
        'duplicate-weight',
        `two layers called "${layers[0]!.name}" could own the weight "${spec.name}"`,
        {
          where: { layer: layers[0]!.name, field: `${spec.field}.name` },
          hint: 'TensorFlow.js refuses this model too: rename one of the layers in the program that made it',
        },
      );
    }
    return { layer: layers[0]!, name: spec.name.slice(end + 1) };
  }
  throw inputError('weights-mismatch', `the weight "${spec.name}" belongs to no layer of the model`, {
    where: { field: `${spec.field}.name` },
    hint: 'architecture and weights are of two different models, or were converted from a Keras 3 file by an old converter',
  });
}

function withWeights(graph: Graph, weights: ReadonlyMap<Layer, readonly Weight[]>): Graph {
  const layers = graph.layers.map((layer): Layer => {
    if (layer.graph !== undefined) return { ...layer, graph: withWeights(layer.graph, weights) };
    const own = weights.get(layer);
    return own === undefined ? layer : { ...layer, weights: own };
  });
  return { ...graph, layers, read: graph.read && { ...graph.read, layers } };
}
