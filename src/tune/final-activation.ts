import type { LayersModel } from '@tensorflow/tfjs-layers';
import { factsOfLayer } from '../model/facts-of-layer.js';
import { countReaders } from '../model/graph-nodes.js';
import type { Graph, Layer, Model, TensorRef } from '../model/model.js';
import { pathKey } from '../model/weight-key.js';
import { listRunningLayers } from '../runtime/watch-layers.js';

/** Activation that a model's output has passed. */
export type FinalActivation = 'softmax' | 'sigmoid' | 'linear';

/** The activation that makes a model's output, and the layer that computes it. */
export interface FoundActivation {
  readonly activation: FinalActivation;
  /** The layer, behind the nested models it lies in; undefined where others read its result too. */
  readonly path: readonly string[] | undefined;
}

/**
 * Finds the softmax or sigmoid that a model's first output comes from, through layers that only move its numbers.
 * @param model translated for TensorFlow.js
 */
export const findFinalActivation = (model: Model): FoundActivation =>
  lookBehind(model.graph, model.graph.outputs[0]!, [], true);

function lookBehind(graph: Graph, ref: TensorRef, path: readonly string[], isOnlyReader: boolean): FoundActivation {
  const layer = graph.layers.find(({ name }) => name === ref.layer)!;
  const here = [...path, layer.name];
  const isOwn = isOnlyReader && layer.calls.length <= 1 && countReaders(graph, layer.name) === 1;
  if (layer.graph !== undefined) return lookBehind(layer.graph, layer.graph.outputs[ref.tensor]!, here, isOwn);
  const activation = activationOf(layer);
  if (activation !== 'linear') return { activation, path: isOwn ? here : undefined };
  const input = layer.calls[ref.call]?.inputs[0];
  const { role, averages, keeps, onlyActivates } = factsOfLayer(layer);
  if (input !== undefined && (keeps === 'order' || onlyActivates)) return lookBehind(graph, input, path, isOwn);
  // A mean of probabilities is one again, and one of logits are logits.
  if (input !== undefined && role === 'global-pool' && averages) return lookBehind(graph, input, path, false);
  return { activation, path: undefined };
}

function activationOf(layer: Layer): FinalActivation {
  const { settings } = layer;
  const name = factsOfLayer(layer).functionName?.(settings) ?? settings.activation;
  return name === 'softmax' || name === 'sigmoid' ? name : 'linear';
}

/** Linear activation of TensorFlow.js: dense layers and convolutions read the name too, to fuse it with the rest. */
const LINEAR = { getClassName: () => 'linear', apply: <T>(input: T): T => input };

/** Makes a running layer return the input of its activation. */
export function leaveOutActivation(runs: LayersModel, path: readonly string[]): void {
  const key = pathKey(path);
  for (const running of listRunningLayers(runs)) {
    if (pathKey(running.path) !== key) continue;
    const { layer } = running;
    if ('activation' in layer) layer.activation = LINEAR;
    else layer.call = (inputs) => inputs;
  }
}
