import type { Model } from '../model/model.js';
import { DTYPE_BYTES, type Tensor, type TensorValues } from '../model/tensor.js';
import type { FoundModule } from './read-module.js';

/**
 * The modules whose gates are no longer the constant that they begin as: those whose last projection is not all zero.
 * Weights are read in pieces.
 */
export async function listTrained<T extends FoundModule>(model: Model, modules: readonly T[]): Promise<readonly T[]> {
  return model.withValues(async (values) => {
    const trained: T[] = [];
    for (const module of modules) if (await isTrained(module, values)) trained.push(module);
    return trained;
  });
}

async function isTrained({ parts }: FoundModule, values: TensorValues): Promise<boolean> {
  for (const { tensor } of parts.expand?.weights ?? []) {
    for await (const bytes of values.chunks(tensor)) if (!isZero(bytes, tensor)) return true;
  }
  return false;
}

/** Tells whether all numbers are 0 or -0: the sign is the first bit of the last byte of each. */
function isZero(bytes: Uint8Array, { dtype }: Tensor): boolean {
  const size = DTYPE_BYTES[dtype] ?? 1;
  return bytes.every((byte, index) => (index % size === size - 1 ? byte & 0x7f : byte) === 0);
}
