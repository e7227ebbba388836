import type { Loader } from '../../../layers/layer-facts.js';
import { nameProblem, properName } from '../../../layers/layer-names.js';
import { freeName, type Graph, listGraphs } from '../../../model/model.js';

/** The names that the layers of a translated model get. */
export interface LayerNames {
  /** A layer's name where the loader takes it, otherwise the nearest one that it takes. Once a layer. */
  readonly nameOf: (name: string) => string;
  /** Returns the nearest name that the loader takes, for layers that are not found by their names. */
  readonly proper: (name: string) => string;
  /** A name for a new layer, unique over the whole tree. */
  readonly claim: (base: string) => string;
}

/** TensorFlow.js finds weights by the names of layers alone: there no two layers of the whole tree may share one. */
export function layerNames(root: Graph, target: Loader): LayerNames {
  const graphs = [...listGraphs(root)];
  const taken = new Set(graphs.flatMap(({ graph }) => graph.layers.map((layer) => layer.name)));
  const given = new Set<string>();
  const claim = (base: string): string => {
    const name = freeName(base, (each) => taken.has(each), 1);
    taken.add(name);
    return name;
  };
  return {
    proper: (name) => (nameProblem(name, target) === undefined ? name : properName(name, target)),
    claim: (base) => claim(properName(base, target)),
    nameOf: (name) => {
      const isFree = target !== 'tfjs' || !given.has(name);
      given.add(name);
      return nameProblem(name, target) === undefined && isFree ? name : claim(properName(name, target));
    },
  };
}
