import { factsOf } from './known-layers.js';

const LIST_OPERATIONS: readonly string[] = ['Concatenate', 'Stack', 'Hstack', 'Vstack', 'Dstack'];
const POSITIONAL: readonly string[] = ['MultiHeadAttention', 'GroupedQueryAttention', 'GroupQueryAttention'];
const MERGING: readonly string[] = ['add', 'concatenate', 'multiply', 'merge'];

/**
 * Whether a layer is called with one list of tensors rather than with a tensor an argument: merging layers always,
 * operations almost never, other layers and models where they have several inputs.
 */
export function takesTensorList(className: string, tensors: number, isOperation: boolean): boolean {
  if (isOperation) return LIST_OPERATIONS.includes(className.slice(className.lastIndexOf('.') + 1));
  return MERGING.includes(factsOf(className, {}).role) || (tensors > 1 && !POSITIONAL.includes(className));
}
