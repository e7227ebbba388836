import type { Hdf5Block } from './hdf5-calls.js';

export interface SizedBlock {
  /** `null`: the whole of it; a scalar has no axes to cut. */
  readonly block: Hdf5Block | null;
  readonly byteLength: number;
}

/**
 * Cuts a dataset into blocks of at most `mostBytes` (or one value), so that the values of one after the other are the
 * dataset's from the first to the last.
 */
export function* listBlocks(shape: readonly number[], itemBytes: number, mostBytes: number): Generator<SizedBlock> {
  if (shape.length === 0) yield { block: null, byteLength: itemBytes };
  if (shape.length === 0 || shape.includes(0)) return;
  const axis = cutAxis(shape, itemBytes, mostBytes);
  const rowBytes = product(shape.slice(axis + 1)) * itemBytes;
  const rows = Math.max(1, Math.floor(mostBytes / rowBytes));
  for (const outer of listIndices(shape.slice(0, axis))) {
    for (let start = 0; start < shape[axis]!; start += rows) {
      const count = Math.min(rows, shape[axis]! - start);
      const block = {
        offset: [...outer, start, ...shape.slice(axis + 1).map(() => 0)],
        count: [...outer.map(() => 1), count, ...shape.slice(axis + 1)],
      };
      yield { block, byteLength: count * rowBytes };
    }
  }
}

/** The first axis whose rows are small enough. */
function cutAxis(shape: readonly number[], itemBytes: number, mostBytes: number): number {
  const found = shape.findIndex((_, axis) => product(shape.slice(axis + 1)) * itemBytes <= mostBytes);
  return found < 0 ? shape.length - 1 : found;
}

function* listIndices(shape: readonly number[]): Generator<readonly number[]> {
  const [size, ...inner] = shape;
  if (size === undefined) {
    yield [];
    return;
  }
  for (let index = 0; index < size; index += 1) {
    for (const rest of listIndices(inner)) yield [index, ...rest];
  }
}

const product = (numbers: readonly number[]): number => numbers.reduce((a, b) => a * b, 1);
