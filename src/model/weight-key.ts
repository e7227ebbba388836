/**
 * A key for maps over the weights of a whole tree of models. Names may hold any character, so they are not just joined.
 * @param graph names of the nested models around the layer, outermost first
 */
export const weightKey = (graph: readonly string[], layer: string, weight: string): string =>
  JSON.stringify([graph, layer, weight]);
