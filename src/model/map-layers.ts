import {
  fromPlain,
  type JsonObject,
  type Plain,
  type PlainObject,
  toPlain,
  withMember,
  withoutMember,
} from '../json/json-value.js';
import { type Graph, type Layer, mapGraphs, withLayers } from './model.js';

/** Maps every layer of the model, those of nested models first. Graphs in which nothing changes stay the same objects. */
export const mapLayers = (root: Graph, change: (layer: Layer, path: readonly string[]) => Layer): Graph =>
  mapGraphs(root, (graph, path) =>
    withLayers(
      graph,
      graph.layers.map((layer) => change(layer, path)),
    ),
  );

/** The graph with the weights of its layers, nested models' too, and with none but these. */
export const withWeights = (root: Graph, weights: ReadonlyMap<Layer, Layer['weights']>): Graph =>
  mapGraphs(root, (graph) => {
    const layers = graph.layers.map((layer): Layer => {
      const own = weights.get(layer) ?? [];
      return own.length === 0 && layer.weights.length === 0 ? layer : { ...layer, weights: own };
    });
    return { ...graph, layers, read: graph.read && { ...graph.read, layers } };
  });

/** The layer with a member of its config set, or left out. */
export const withSetting = (layer: Layer, key: string, value: Plain | undefined): Layer => ({
  ...layer,
  config: value === undefined ? withoutMember(layer.config, key) : withMember(layer.config, key, fromPlain(value)),
  settings: { ...layer.settings, [key]: value },
});

/** The layer with another config, whose values its settings are. */
export const withConfig = (layer: Layer, config: JsonObject): Layer => ({
  ...layer,
  config,
  settings: toPlain(config) as PlainObject,
});
