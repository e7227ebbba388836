import type { Model } from '../model/model.js';
import { findHead } from '../plan/find-head.js';
import { findNetwork } from '../stages/network.js';

// Layers that are trained by themselves, each behind the nested models it lies in.

/** The layers with weights of every SE module of a model, ours or another's. */
export const listModuleLayers = (model: Model): readonly (readonly string[])[] =>
  findNetwork(model.graph).modules.flatMap(({ view, module }) => {
    const layers = new Set(module.nodes.map((id) => view.nodes[id]!.layer));
    return [...layers].filter(({ weights }) => weights.length > 0).map(({ name }) => [...view.path, name]);
  });

/**
 * The layer that makes the logits.
 * @throws RetrofitError as `findHead` does
 */
export function headLayer(model: Model): readonly string[] {
  const { graph, layer } = findHead(model).logits;
  return [...graph, layer.name];
}
