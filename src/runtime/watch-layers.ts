import type { Tensor } from '@tensorflow/tfjs-core';
import type { layers as kinds, LayersModel } from '@tensorflow/tfjs-layers';
import { factsOf } from '../layers/known-layers.js';
import type { LayerFacts } from '../layers/layer-facts.js';

type RunningLayer = kinds.Layer;
type LayerCall = RunningLayer['call'];

/** One call of a layer while the model computes: the tensors belong to the model and go when it is done. */
export interface WatchedCall {
  /** The layer, behind the nested models it lies in. */
  readonly path: readonly string[];
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
}

/**
 * Sees every call of a model's layers while it computes, those of nested models too, in the order in which they run.
 * @param onCall is called inside the computation: it may read tensors and keep copies, not the tensors themselves
 * @returns what ends the watch
 */
export function watchLayers(
  model: LayersModel,
  onCall: (call: WatchedCall) => void,
  isWatched: (path: readonly string[]) => boolean = () => true,
): () => void {
  return replaceCalls(model, (path, call) => {
    if (!isWatched(path)) return undefined;
    return (inputs, kwargs) => {
      const outputs = call(inputs, kwargs);
      onCall({ path, inputs: asList(inputs), outputs: asList(outputs) });
      return outputs;
    };
  });
}

/**
 * Lets layers of a model compute in another way, those of nested models too.
 * @param replace the call of the layer at a path, made from its own; undefined for a layer that stays as it is
 * @returns what ends it
 */
export function replaceCalls(
  model: LayersModel,
  replace: (path: readonly string[], call: LayerCall) => LayerCall | undefined,
): () => void {
  const undo: (() => void)[] = [];
  for (const { layer, path } of listRunningLayers(model)) {
    const replaced = replace(path, layer.call.bind(layer));
    if (replaced === undefined) continue;
    const hadOwn = Object.getOwnPropertyDescriptor(layer, 'call');
    layer.call = replaced;
    // It stands on the object; what was there before, or the class's own method, shows again when it goes.
    undo.push(() => {
      Reflect.deleteProperty(layer, 'call');
      if (hadOwn !== undefined) Object.defineProperty(layer, 'call', hadOwn);
    });
  }
  return () => {
    for (const end of undo) end();
  };
}

/** Every layer of a loaded model by its path, nested models' layers behind the models. */
export function* listRunningLayers(
  model: LayersModel,
  above: readonly string[] = [],
): Generator<{ readonly layer: RunningLayer; readonly path: readonly string[] }> {
  for (const layer of model.layers) {
    const path = [...above, layer.name];
    yield { layer, path };
    const inner = modelIn(layer);
    if (inner !== undefined) yield* listRunningLayers(inner, path);
  }
}

/** Returns the facts of a running layer's class. */
export const factsOfRunning = (layer: RunningLayer): LayerFacts => factsOf(layer.getClassName(), {});

/** The model that a running layer is, or that wrappers around it hold. */
export function modelIn(layer: RunningLayer): LayersModel | undefined {
  if ('layers' in layer) return layer as unknown as LayersModel;
  return 'layer' in layer ? modelIn(layer.layer as RunningLayer) : undefined;
}

const asList = (tensors: Tensor | readonly Tensor[]): readonly Tensor[] =>
  Array.isArray(tensors) ? tensors : [tensors as Tensor];
