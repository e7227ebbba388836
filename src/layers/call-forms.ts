import { factsOf } from './known-layers.js';
import { isMerge } from './layer-facts.js';
import { operationFacts } from './operations.js';

/**
 * Whether a layer is called with one list of tensors rather than with a tensor an argument: merging layers always,
 * operations almost never, other layers and models where they have several inputs.
 */
export function takesTensorList(className: string, tensors: number, isOperation: boolean): boolean {
  if (isOperation) return operationFacts(className, {}).takesList === true;
  const { role, takesList } = factsOf(className, {});
  return takesList ?? (isMerge(role) || tensors > 1);
}
