import type { PlainObject } from '../../json/json-value.js';
import { factsOf } from '../../layers/known-layers.js';
import type { WeightFact } from '../../layers/layer-facts.js';
import { type Graph, type Layer, listGraphs } from '../../model/model.js';
import { type Weight, withoutScope } from '../../model/tensor.js';
import { memoizeByObject } from '../memoize-by-object.js';

// Names of weights in a manifest. TensorFlow.js looks for `<layer>/<weight>`, and where it finds no such variable for the
// name without its last scope but one: `loadWeights` in tfjs-layers 4.22 (src/engine/container.ts).

/** A name as it was meant: TensorFlow puts `:0` behind variables, and Python on Windows writes other slashes. */
export const cleanName = (name: string): string => name.replaceAll('\\', '/').replace(/:0$/, '');

const findOnce = memoizeByObject<PlainObject, string, readonly WeightFact[]>();

const weightFactsOf = (className: string, settings: PlainObject): readonly WeightFact[] =>
  findOnce(settings, className, () => factsOf(className, settings).weights?.(settings, []) ?? []);

/**
 * Returns the name of a layer's weight as its class has it, whichever program wrote it; unchanged where the class has
 * none like it.
 * @param written the part behind the layer's name
 */
export function weightName({ className, settings }: Layer, written: string): string {
  const facts = weightFactsOf(className, settings);
  const short = withoutScope(written);
  const found =
    facts.find(({ name }) => name === written) ??
    facts.find(({ name }) => name === short) ??
    facts.find((_, index) => short === `${index}`);
  if (found !== undefined) return found.name;
  const isMeant = (name: string | undefined) => name === written || name === short || written.endsWith(`/${name}`);
  const meant = facts.filter(({ name, keras3Name }) => isMeant(name) || isMeant(keras3Name));
  return meant.length === 1 ? meant[0]!.name : written;
}

/** The first weight that the file calls otherwise than TensorFlow.js looks for it. */
export function findMisnamed(
  root: Graph,
): { readonly layer: string; readonly field: string; readonly reason: string } | undefined {
  for (const { graph, path } of listGraphs(root)) {
    for (const layer of graph.layers) {
      const found = layer.weights.find(
        (weight) =>
          weight.storedAs !== undefined &&
          !(path.length === 0 && isNumbered(layer, weight)) &&
          weight.storedAs !== manifestName(layer, weight),
      );
      if (found !== undefined)
        return {
          layer: layer.name,
          field: found.name,
          reason: `is called "${found.storedAs}" in the manifest, where TensorFlow.js looks for "${manifestName(layer, found)}"`,
        };
    }
  }
  return undefined;
}

/**
 * Tells whether a weight's name is its number in the layer, as in Keras 3. TensorFlow.js counts on through nested
 * models.
 */
function isNumbered({ name }: Layer, { storedAs = '' }: Weight): boolean {
  const isNumber = (stored: string) => stored.startsWith(`${name}/`) && /^\d+$/.test(stored.slice(name.length + 1));
  return isNumber(storedAs) || isNumber(withoutScope(storedAs));
}

/** The name a weight has in a manifest that TensorFlow.js loads: its own where it is found by that, with a scope or without. */
export function manifestName(layer: Layer, { name, storedAs }: Weight): string {
  const wanted = `${layer.name}/${name}`;
  return storedAs !== undefined && withoutScope(storedAs) === wanted ? storedAs : wanted;
}
