import { inputError } from '../../errors.js';
import { factsOfLayer } from '../../model/facts-of-layer.js';
import { withWeights } from '../../model/map-layers.js';
import { type Graph, type Layer, listGraphs } from '../../model/model.js';
import type { Weight } from '../../model/tensor.js';
import type { LocatedGroup, LocatedSpec } from './tfjs-source.js';
import { cleanName, weightName } from './weight-names.js';

/**
 * Gives every layer its weights. TensorFlow.js matches by name: `<layer>/<weight>`, without the names of nested
 * or wrapped models, and layer names may hold slashes themselves: the longest layer name that fits is the one. Names as
 * Keras 3 writes them are understood too: the names of models may stand before those of layers.
 * @throws RetrofitError `weights-mismatch` for a weight that belongs to no layer, `duplicate-weight` for one that belongs
 * to two, or is there twice
 */
export function attachWeights(graph: Graph, groups: readonly LocatedGroup[]): Graph {
  const owners = new Map<string, Layer[]>();
  for (const { graph: inner } of listGraphs(graph)) {
    for (const layer of inner.layers) {
      if (layer.graph !== undefined || !mayHaveWeights(layer)) continue;
      owners.set(layer.name, [...(owners.get(layer.name) ?? []), layer]);
    }
  }
  const weights = new Map<Layer, Map<string, Weight>>();
  for (const spec of groups.flatMap((group) => group.specs)) {
    if (spec.isOptimizer) continue;
    const { layer, name } = ownerOf(spec, owners);
    const { dtype, shape, quantization } = spec;
    const weight: Weight = {
      name: weightName(layer, cleanName(name)),
      storedAs: spec.name,
      tensor: { dtype, shape, quantization, source: { kind: 'stored', ranges: spec.ranges }, exponent: 0 },
    };
    const list = weights.get(layer) ?? new Map<string, Weight>();
    if (list.has(weight.name)) throw twice(layer, spec, list.get(weight.name)!.storedAs!);
    weights.set(layer, list.set(weight.name, weight));
  }
  return withWeights(graph, new Map([...weights].map(([layer, own]) => [layer, [...own.values()]])));
}

/** A layer, and what stands behind its name in that of a weight. */
interface Owned {
  readonly layer: Layer;
  readonly name: string;
}

function mayHaveWeights(layer: Layer): boolean {
  const facts = factsOfLayer(layer);
  return facts.weights === undefined || facts.weights(layer.settings, [])?.length !== 0;
}

/** Finds the layer whose name begins the weight's, or comes first behind models' names, and the rest of the name. */
function ownerOf(spec: LocatedSpec, owners: ReadonlyMap<string, readonly Layer[]>): Owned {
  const found = findOwner(spec.name, spec, owners) ?? findOwner(cleanName(spec.name), spec, owners);
  if (found !== undefined) return found;
  throw inputError('weights-mismatch', `the weight "${spec.name}" belongs to no layer of the model`, {
    where: { field: `${spec.field}.name` },
    hint: /\/vars\/\d+$/.test(spec.name)
      ? 'the converter of TensorFlow.js wrote paths of Keras 3 for names, which nothing loads: se-retrofit reads the .keras file itself'
      : 'architecture and weights do not belong together: give the pair that was saved together',
  });
}

function findOwner(whole: string, spec: LocatedSpec, owners: ReadonlyMap<string, readonly Layer[]>): Owned | undefined {
  for (let start = 0; start >= 0; start = whole.indexOf('/', start) + 1 || -1) {
    for (let end = whole.lastIndexOf('/'); end > start; end = whole.lastIndexOf('/', end - 1)) {
      const layer = whole.slice(start, end);
      const found = owners.get(layer);
      if (found === undefined) continue;
      if (found.length > 1) {
        throw inputError('duplicate-weight', `two layers called "${layer}" could own the weight "${spec.name}"`, {
          where: { layer, field: `${spec.field}.name` },
          hint: 'TensorFlow.js refuses this model too: rename one of the layers in the program that made it',
        });
      }
      return { layer: found[0]!, name: whole.slice(end + 1) };
    }
  }
  return undefined;
}

const twice = ({ name }: Layer, spec: LocatedSpec, before: string) =>
  inputError('duplicate-weight', `"${before}" and "${spec.name}" are the same weight of this layer`, {
    where: { layer: name, field: `${spec.field}.name` },
    hint: 'TensorFlow.js refuses this model too: convert the original Keras model again',
  });
