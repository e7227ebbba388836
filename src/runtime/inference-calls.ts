import { argumentsOf } from '../model/call-arguments.js';
import { type Call, listGraphs, type Model } from '../model/model.js';
import { layerKey, pathKey } from '../model/weight-key.js';

/**
 * Tells which layers a model calls with `training=False`, as Keras' guide to transfer learning has it for nested models:
 * they compute as in inference whatever happens around them, and so do all the layers in them. Keras 2 does so; in Keras 3
 * `fit` overrides what the call says (keras-team/keras issue 20285), against its own guide.
 */
export function findInferenceCalls(model: Model): (path: readonly string[]) => boolean {
  const paths = new Set<string>();
  for (const { graph, path } of listGraphs(model.graph)) {
    for (const layer of graph.layers) {
      if (layer.calls.length > 0 && layer.calls.every(saysInference)) paths.add(layerKey(path, layer.name));
    }
  }
  return (path) => path.some((_, depth) => paths.has(pathKey(path.slice(0, depth + 1))));
}

function saysInference(call: Call): boolean {
  const training = argumentsOf(call).keywords.get('training');
  return training?.kind === 'constant' && training.json.kind === 'literal' && training.json.text === 'false';
}
