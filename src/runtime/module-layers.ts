import type { Model } from '../model/model.js';
import { findNetwork } from '../stages/network.js';

/** The layers with weights of every SE module of a model, ours or another's: each behind the nested models it lies in. */
export const listModuleLayers = (model: Model): readonly (readonly string[])[] =>
  findNetwork(model.graph).modules.flatMap(({ view, module }) => {
    const layers = new Set(module.nodes.map((id) => view.nodes[id]!.layer));
    return [...layers].filter(({ weights }) => weights.length > 0).map(({ name }) => [...view.path, name]);
  });
