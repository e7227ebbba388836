import type { PlainObject } from '../../json/json-value.js';
import { factsOf } from '../../layers/known-layers.js';
import type { Loader } from '../../layers/layer-facts.js';
import { readField } from '../../layers/read-field.js';
import { type Graph, listGraphs, type WeightLayout } from '../../model/model.js';
import type { Blocker } from './class-blocker.js';

/** Finds a layer whose weights a loader reads and then computes with others: see `copiesWeights`. */
export function findForgotten(root: Graph, loader: Loader, layout: WeightLayout): Blocker | undefined {
  if (loader !== 'keras3' || layout !== 'legacy-hdf5') return undefined;
  for (const { graph, path } of listGraphs(root)) {
    const layer = graph.layers.find(({ className, settings, wrappers }) =>
      path.length > 0 || wrappers !== undefined ? copies(className, settings) : holdsCopies(settings),
    );
    if (layer !== undefined) return { layer: layer.name, field: 'mean', reason: REASON };
  }
  return undefined;
}

const REASON =
  'is read from an .h5 and not used by Keras 3, which computes with the mean and variance of a new layer: it stands inside another model or layer';

const copies = (className: string, config: PlainObject): boolean =>
  factsOf(className, config).copiesWeights?.(config) === true || holdsCopies(config);

const holdsCopies = (config: PlainObject): boolean =>
  Object.entries(config).some(([field, value]) => {
    const read = readField(field, value);
    return read.kind === 'layers' && read.layers.some((inner) => copies(inner.className, inner.config));
  });
