import { type Call, type Graph, type Layer, samePath, type TensorRef, tensorKey } from '../model/model.js';
import type { StripModule } from '../plan/plan-strip.js';

/** A graph, and the models nested in it, without some modules: who read a scaled tensor reads the features again. */
export function removeModules(graph: Graph, modules: readonly StripModule[], path: readonly string[] = []): Graph {
  const own = modules.filter((module) => samePath(module.graph, path));
  const removed = new Set(own.flatMap(({ parts }) => Object.values(parts).map((layer) => layer.name)));
  const before = new Map(
    own.flatMap(({ name, features }) =>
      features.map((ref, call) => [tensorKey({ layer: `${name}_scale`, call, tensor: 0 }), ref] as const),
    ),
  );
  // The features of one module may be what another one scaled.
  const restore = (ref: TensorRef): TensorRef => {
    const features = before.get(tensorKey(ref));
    return features === undefined ? ref : restore(features);
  };
  const layers = graph.layers
    .filter((layer) => !removed.has(layer.name))
    .map((layer): Layer => {
      const calls = layer.calls.map((call) => restoreCall(call, restore));
      const inner = layer.graph && removeModules(layer.graph, modules, [...path, layer.name]);
      const isSame = inner === layer.graph && calls.every((call, index) => call === layer.calls[index]);
      return isSame ? layer : { ...layer, calls, ...(inner === undefined ? {} : { graph: inner }) };
    });
  const outputs = graph.outputs.map(restore);
  const isSame = layers.length === graph.layers.length && layers.every((layer, index) => layer === graph.layers[index]);
  return isSame ? graph : { ...graph, layers, outputs };
}

function restoreCall(call: Call, restore: (ref: TensorRef) => TensorRef): Call {
  const inputs = call.inputs.map(restore);
  return inputs.every((ref, index) => ref === call.inputs[index]) ? call : { ...call, inputs };
}
