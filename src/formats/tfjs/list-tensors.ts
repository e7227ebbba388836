import { inputError } from '../../errors.js';
import { listGraphs, type Model } from '../../model/model.js';
import type { Tensor } from '../../model/tensor.js';
import { manifestName } from './weight-names.js';

/** A tensor under the name it is to have in a manifest, and the one it had in the manifest it was read from. */
export interface NamedTensor {
  readonly name: string;
  readonly storedAs: string | undefined;
  readonly tensor: Tensor;
  /** See `Weight`. */
  readonly isNew: boolean;
}

/**
 * Every tensor of the model by its name in a manifest.
 * @throws RetrofitError `duplicate-weight`
 */
export function listTensors(model: Model): readonly NamedTensor[] {
  const tensors = new Map<string, NamedTensor>();
  for (const { graph } of listGraphs(model.graph)) {
    for (const layer of graph.layers) {
      for (const weight of layer.weights) {
        const name = manifestName(layer, weight);
        if (tensors.has(name)) {
          throw inputError('duplicate-weight', `two weights would be called "${name}"`, {
            where: { layer: layer.name },
            hint: 'TensorFlow.js does not load such a model: rename one of the layers in the program that made it',
          });
        }
        tensors.set(name, { name, storedAs: weight.storedAs, tensor: weight.tensor, isNew: weight.isNew === true });
      }
    }
  }
  return [...tensors.values()];
}
