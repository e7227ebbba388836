import { factsOf } from '../../layers/known-layers.js';
import { type Graph, type Layer, listGraphs } from '../../model/model.js';
import { type Weight, withoutScope } from '../../model/tensor.js';

// Names of weights in a manifest. TensorFlow.js looks for `<layer>/<weight>`, and where it finds no such variable for the
// name without its last scope but one: `loadWeights` in tfjs-layers 4.22 (src/engine/container.ts).

/** A name as it was meant: TensorFlow puts `:0` behind variables, and Python on Windows writes other slashes. */
export const cleanName = (name: string): string => name.replaceAll('\\', '/').replace(/:0$/, '');

/**
 * The name of a layer's weight: as it stands where TensorFlow.js finds it, otherwise the name that it wants.
 * @param written what stands behind the layer's name, whoever wrote it
 */
export function wantedName({ className, settings }: Layer, written: string): string {
  const facts = factsOf(className, settings).weights?.(settings, []) ?? [];
  if (facts.some(({ name }) => name === written || name === withoutScope(written))) return written;
  const isMeant = (name: string | undefined) => name === written || written.endsWith(`/${name}`);
  const meant = facts.filter(({ name, keras3Name }) => isMeant(name) || isMeant(keras3Name));
  return meant.length === 1 ? meant[0]!.name : written;
}

/** The first weight that the file calls otherwise than TensorFlow.js looks for it. */
export function findMisnamed(
  root: Graph,
): { readonly layer: string; readonly field: string; readonly reason: string } | undefined {
  for (const { graph } of listGraphs(root)) {
    for (const layer of graph.layers) {
      const found = layer.weights.find(
        (weight) => (weight.storedAs ?? manifestName(layer, weight)) !== manifestName(layer, weight),
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

/** The name a weight has in a manifest that TensorFlow.js loads. */
export const manifestName = (layer: Layer, { name }: Weight): string => `${layer.name}/${name}`;
