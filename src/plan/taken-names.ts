import { freeName, type Graph, listGraphs } from '../model/model.js';
import { MODULE_PARTS } from '../se/module-classes.js';

/** Gives out names for modules that no layer of the whole tree of nested models has. */
export function takenNames(graph: Graph): { readonly claim: (base: string) => string } {
  const taken = new Set<string>();
  for (const { graph: inner, path } of listGraphs(graph)) {
    for (const name of path) taken.add(name);
    for (const layer of inner.layers) taken.add(layer.name);
  }
  const isTaken = (base: string) => MODULE_PARTS.some((part) => taken.has(`${base}_${part}`));
  return {
    claim: (base) => {
      const name = freeName(base, isTaken);
      for (const part of MODULE_PARTS) taken.add(`${name}_${part}`);
      return name;
    },
  };
}
