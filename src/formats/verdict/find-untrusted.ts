import { type Container, factsOfContainer } from '../../containers.js';
import { getMember } from '../../json/json-value.js';
import type { Loader } from '../../layers/layer-facts.js';
import { factsOfLayer } from '../../model/facts-of-layer.js';
import { type Graph, listGraphs } from '../../model/model.js';
import { listEntries } from '../dialects/wrapped-entries.js';
import type { Blocker } from './class-blocker.js';

/**
 * Finds a layer that a loader makes only where it is told to trust the file. Keras 2 asks for that where entries name their
 * modules, and never of a legacy `.h5` or a SavedModel.
 * Source: `model_from_config` in tf_keras/src/saving/legacy/model_config.py and `deserialize_keras_object` in saving_lib.
 */
export function findUntrusted(root: Graph, loader: Loader, container: Container): Blocker | undefined {
  if (loader === 'tfjs' || factsOfContainer(container).trustedBy?.includes(loader)) return undefined;
  for (const { graph } of listGraphs(root)) {
    for (const layer of graph.layers) {
      const hasModule = getMember(listEntries(layer).at(-1), 'module') !== undefined;
      const found = loader === 'keras3' || hasModule ? factsOfLayer(layer).wantsTrust?.(layer.settings) : undefined;
      if (found !== undefined)
        return { layer: layer.name, ...found, reason: `${found.reason}, which it loads only with safe_mode=False` };
    }
  }
  return undefined;
}
