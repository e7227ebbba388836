import type { Loader } from '../../../layers/layer-facts.js';
import { type Graph, listGraphs } from '../../../model/model.js';

/** The names that the layers of a translated model get. */
export interface LayerNames {
  /** A layer's name where the loader takes it, otherwise the nearest one that it takes. Once a layer. */
  readonly nameOf: (name: string) => string;
  /** The nearest name that the loader takes, for what nobody is to find by it. */
  readonly proper: (name: string) => string;
  /** A name for a new layer, unique over the whole tree. */
  readonly claim: (base: string) => string;
}

// FORMATS: TensorFlow.js checks the names of weights, Keras 2 those of scopes, Keras 3 wants no slash.
const PROPER: Readonly<Record<Loader, RegExp>> = {
  tfjs: /^[A-Za-z0-9][-A-Za-z0-9._/]*$/,
  keras2: /^[A-Za-z0-9.][A-Za-z0-9_.\\/>-]*$/,
  keras3: /^[^/]+$/,
};

const IMPROPER: Readonly<Record<Loader, RegExp>> = {
  tfjs: /[^-A-Za-z0-9._/]/g,
  keras2: /[^A-Za-z0-9_.\\/>-]/g,
  keras3: /\//g,
};

const isProper = (name: string, target: Loader): boolean =>
  PROPER[target].test(name) && !(target === 'tfjs' && name in Object.prototype);

function properName(name: string, target: Loader): string {
  const cleaned = name.replace(IMPROPER[target], '_');
  return isProper(cleaned, target) ? cleaned : `layer_${cleaned}`;
}

/** TensorFlow.js finds weights by the names of layers alone: there no two layers of the whole tree may share one. */
export function layerNames(root: Graph, target: Loader): LayerNames {
  const graphs = [...listGraphs(root)];
  const taken = new Set(graphs.flatMap(({ graph }) => graph.layers.map((layer) => layer.name)));
  const given = new Set<string>();
  const claim = (base: string): string => {
    let name = base;
    for (let count = 1; taken.has(name); count++) name = `${base}_${count}`;
    taken.add(name);
    return name;
  };
  return {
    proper: (name) => (isProper(name, target) ? name : properName(name, target)),
    claim: (base) => claim(properName(base, target)),
    nameOf: (name) => {
      const isFree = target !== 'tfjs' || !given.has(name);
      given.add(name);
      return isProper(name, target) && isFree ? name : claim(properName(name, target));
    },
  };
}
