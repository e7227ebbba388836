import { inputError } from '../../errors.js';
import { factsOfLayer } from '../../model/facts-of-layer.js';
import { type Graph, type Layer, listGraphs } from '../../model/model.js';
import type { Weight } from '../../model/tensor.js';
import type { LocatedGroup, LocatedSpec } from './tfjs-source.js';

/**
 * Gives every layer its weights. TensorFlow.js matches by name: `<layer>/<weight>`, without the names of nested
 * or wrapped models, and layer names may hold slashes themselves: the longest layer name that fits is the one.
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
    const { layer, name } = ownerOf(spec, owners, graph.read?.dialect === 'keras3');
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
  const facts = factsOfLayer(layer);
  return facts.weights === undefined || facts.weights(layer.settings, [])?.length !== 0;
}

/** @param isScoped whether the names of models may stand before those of layers, as older versions of Keras 3 had it */
function ownerOf(
  spec: LocatedSpec,
  owners: ReadonlyMap<string, readonly Layer[]>,
  isScoped: boolean,
): { readonly layer: Layer; readonly name: string } {
  for (let end = spec.name.lastIndexOf('/'); end > 0; end = spec.name.lastIndexOf('/', end - 1)) {
    const path = spec.name.slice(0, end);
    const name = owners.has(path) || !isScoped ? path : path.slice(path.lastIndexOf('/') + 1);
    const found = owners.get(name);
    if (found === undefined) continue;
    if (found.length > 1) {
      throw inputError('duplicate-weight', `two layers called "${name}" could own the weight "${spec.name}"`, {
        where: { layer: name, field: `${spec.field}.name` },
        hint: 'TensorFlow.js refuses this model too: rename one of the layers in the program that made it',
      });
    }
    return { layer: found[0]!, name: spec.name.slice(end + 1) };
  }
  throw inputError('weights-mismatch', `the weight "${spec.name}" belongs to no layer of the model`, {
    where: { field: `${spec.field}.name` },
    hint: /\/vars\/\d+$/.test(spec.name)
      ? 'the converter of TensorFlow.js wrote paths of Keras 3 for names, which nothing loads: se-retrofit reads the .keras file itself'
      : 'architecture and weights do not belong together: give the pair that was saved together',
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
