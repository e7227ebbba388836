import {
  type Call,
  type Graph,
  type Layer,
  mapGraphs,
  samePath,
  scaleName,
  type TensorRef,
  tensorKey,
} from '../model/model.js';
import type { FoundModule } from './read-module.js';

/** A module with the names of the nested models around it. */
export interface PlacedModule extends FoundModule {
  readonly graph: readonly string[];
}

/**
 * A graph, and the models nested in it, without some modules: who read a scaled tensor reads the features again.
 * @param replace a layer that stands in for a module, between its features and their readers
 */
export const removeModules = (
  root: Graph,
  modules: readonly PlacedModule[],
  replace: (module: PlacedModule) => Layer | undefined = () => undefined,
): Graph =>
  mapGraphs(root, (graph, path) =>
    removeInside(
      graph,
      modules.filter((module) => samePath(module.graph, path)),
      replace,
    ),
  );

function removeInside(
  graph: Graph,
  own: readonly PlacedModule[],
  replace: (module: PlacedModule) => Layer | undefined,
): Graph {
  if (own.length === 0) return graph;
  const removed = new Set(own.flatMap(listLayerNames));
  const restore = restoring(own, replace);
  const standIns = new Map(
    own.flatMap((module) => {
      const layer = replace(module);
      return layer === undefined
        ? []
        : [[scaleName(module.name), callOn(layer, module.features.map(restore))] as const];
    }),
  );
  const layers = graph.layers.flatMap((layer): readonly Layer[] => {
    const standIn = standIns.get(layer.name);
    if (removed.has(layer.name)) return standIn === undefined ? [] : [standIn];
    const calls = layer.calls.map((call) => restoreCall(call, restore));
    return [calls.every((call, index) => call === layer.calls[index]) ? layer : { ...layer, calls }];
  });
  return { ...graph, layers, outputs: graph.outputs.map(restore) };
}

export const listLayerNames = ({ parts }: FoundModule): readonly string[] =>
  Object.values(parts).map((layer) => layer.name);

/** The tensor that a module's scaled one gives way to. The features of one module may be what another one scaled. */
function restoring(
  modules: readonly PlacedModule[],
  replace: (module: PlacedModule) => Layer | undefined,
): (ref: TensorRef) => TensorRef {
  const before = new Map(
    modules.flatMap((module) => {
      const standIn = replace(module);
      return module.features.map((ref, call) => {
        const instead = standIn === undefined ? ref : { layer: standIn.name, call, tensor: 0 };
        return [tensorKey({ layer: scaleName(module.name), call, tensor: 0 }), instead] as const;
      });
    }),
  );
  const restore = (ref: TensorRef): TensorRef => {
    const instead = before.get(tensorKey(ref));
    return instead === undefined ? ref : restore(instead);
  };
  return restore;
}

const callOn = (layer: Layer, features: readonly TensorRef[]): Layer => ({
  ...layer,
  calls: features.map((ref) => ({ inputs: [ref] })),
});

function restoreCall(call: Call, restore: (ref: TensorRef) => TensorRef): Call {
  const inputs = call.inputs.map(restore);
  return inputs.every((ref, index) => ref === call.inputs[index]) ? call : { ...call, inputs };
}
