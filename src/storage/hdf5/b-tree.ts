import { hasSignature, numberAt, u16At } from './fields.js';
import type { Hdf5Bytes } from './hdf5-bytes.js';
import { damaged } from './hdf5-errors.js';

/** A child of a version 1 B-tree's lowest nodes: entries of a group's table, or a chunk of a dataset. */
export interface TreeChild {
  readonly address: number;
  /** The keys around it, and around each node above it: a child that is not between them cannot be found. */
  readonly bounds: readonly Bounds[];
}

export interface Bounds {
  readonly before: Uint8Array;
  readonly behind: Uint8Array;
}

const HEAD_BYTES = 24;
// Level 0 holds hundreds of children a node, and each level multiplies by 32.
const MOST_LEVELS = 8;

/**
 * The children of a tree's lowest nodes, in their order. No node is read twice.
 * @param kind 0 for groups, 1 for chunks
 * @throws RetrofitError `bad-hdf5`
 */
export function* listChildren(
  file: Hdf5Bytes,
  root: number,
  kind: 0 | 1,
  keyBytes: number,
): Generator<TreeChild, void, undefined> {
  const seen = new Set<number>();
  yield* visit(root, undefined, []);

  function* visit(
    address: number,
    expected: number | undefined,
    above: readonly Bounds[],
  ): Generator<TreeChild, void, undefined> {
    if (seen.has(address)) throw damaged('a B-tree goes round in a circle');
    seen.add(address);
    const head = file.read(address, HEAD_BYTES);
    const level = head[5]!;
    const isTree = hasSignature(head, 'TREE') && head[4] === kind && level <= MOST_LEVELS;
    if (!isTree || (expected !== undefined && level !== expected)) throw damaged('a B-tree holds something else');
    const count = u16At(head, 6);
    const stride = keyBytes + 8;
    const byteLength = stride * count + keyBytes;
    file.claim(address, HEAD_BYTES + byteLength);
    const bytes = file.read(address + HEAD_BYTES, byteLength);
    for (let index = 0; index < count; index += 1) {
      const start = index * stride;
      const child = numberAt(bytes, start + keyBytes);
      const before = bytes.subarray(start, start + keyBytes);
      const behind = bytes.subarray(start + stride, start + stride + keyBytes);
      const bounds = [...above, { before, behind }];
      if (level === 0) yield { address: child, bounds };
      else yield* visit(child, level - 1, bounds);
    }
  }
}
