import type { Model } from '../model/model.js';
import { findHead } from '../plan/find-head.js';

/**
 * The layer that makes the logits, behind the nested models it lies in.
 * @throws RetrofitError as `findHead` does
 */
export function headLayer(model: Model): readonly string[] {
  const { graph, layer } = findHead(model).logits;
  return [...graph, layer.name];
}
