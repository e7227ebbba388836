import { countLayers, type Model } from '../model/model.js';

/** Describes a model that was read, as reports do. */
export const describedInput = (path: string, { format, graph, bytes }: Model) => ({
  path,
  format,
  layers: countLayers(graph),
  bytes,
});
