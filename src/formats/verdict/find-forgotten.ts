import type { PlainObject } from '../../json/json-value.js';
import { factsOf } from '../../layers/known-layers.js';
import type { FieldProblem, Loader } from '../../layers/layer-facts.js';
import { readField } from '../../layers/read-field.js';
import { type Graph, listGraphs, type WeightLayout } from '../../model/model.js';
import type { Blocker } from './class-blocker.js';

/** Finds a layer whose weights a loader reads and then computes with others: see `copiesWeights`. */
export function findForgotten(root: Graph, loader: Loader, layout: WeightLayout): Blocker | undefined {
  if (loader !== 'keras3' || layout !== 'legacy-hdf5') return undefined;
  for (const { graph, path } of listGraphs(root)) {
    for (const { name, className, settings, wrappers } of graph.layers) {
      const isInside = path.length > 0 || wrappers !== undefined;
      const found = isInside ? copyOf(className, settings) : copyInside(settings);
      if (found !== undefined)
        return { layer: name, ...found, reason: `${found.reason}: it stands inside another model or layer` };
    }
  }
  return undefined;
}

const copyOf = (className: string, config: PlainObject): FieldProblem | undefined =>
  factsOf(className, config).copiesWeights?.(config) ?? copyInside(config);

function copyInside(config: PlainObject): FieldProblem | undefined {
  for (const [field, value] of Object.entries(config)) {
    const read = readField(field, value);
    if (read.kind !== 'layers') continue;
    for (const inner of read.layers) {
      const found = copyOf(inner.className, inner.config);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}
