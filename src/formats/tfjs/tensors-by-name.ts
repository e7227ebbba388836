import { inputError } from '../../errors.js';
import { listGraphs, type Model } from '../../model/model.js';
import type { Tensor } from '../../model/tensor.js';

/** Every tensor of the model by the name it has in a manifest. */
export function tensorsByName(model: Model): ReadonlyMap<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  for (const { graph } of listGraphs(model.graph)) {
    for (const layer of graph.layers) {
      for (const weight of layer.weights) {
        const name = `${layer.name}/${weight.name}`;
        if (tensors.has(name)) {
          throw inputError('duplicate-weight', `two weights would be called "${name}"`, {
            where: { layer: layer.name },
            hint: 'TensorFlow.js does not load such a model: rename one of the layers in the program that made it',
          });
        }
        tensors.set(name, weight.tensor);
      }
    }
  }
  return tensors;
}
