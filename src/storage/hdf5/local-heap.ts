import { hasSignature, numberAt, upToNul } from './fields.js';
import type { Hdf5Bytes } from './hdf5-bytes.js';
import { damaged } from './hdf5-errors.js';

/** The names of a group, by where they stand. */
export interface NameHeap {
  /** @throws RetrofitError `bad-hdf5` */
  bytesAt(offset: number): Uint8Array;
}

const HEAD_BYTES = 32;
const FREE_HEAD_BYTES = 16;
export const NO_FREE_BLOCK = 1;
const MOST_HEAP_BYTES = 2 ** 26;
/** A name is read where it is an entry's, and where it is a key of nodes of the tree. */
const MOST_READINGS = 16;

/** Reads a local heap. @throws RetrofitError `bad-hdf5` */
export function readNames(file: Hdf5Bytes, address: number): NameHeap {
  const head = file.read(address, HEAD_BYTES);
  if (!hasSignature(head, 'HEAP') || head[4] !== 0) throw damaged('where names should be is something else');
  const byteLength = numberAt(head, 8);
  if (byteLength > MOST_HEAP_BYTES) throw damaged('the names of a group take more room than any');
  file.claim(address, HEAD_BYTES);
  file.claim(numberAt(head, 24), byteLength);
  const names = file.read(numberAt(head, 24), byteLength);
  checkFreeList(names, numberAt(head, 16));
  let taken = 0;
  return {
    bytesAt: (offset) => {
      const name = upToNul(names.subarray(Math.min(offset, names.length)));
      if (offset + name.length >= names.length) throw damaged('a name of a group has no end');
      taken += name.length;
      if (taken > MOST_READINGS * names.length) throw damaged('the names of a group lie over each other');
      return name;
    },
  };
}

/** Checks the free list of a heap: a chain of blocks, each with the next one's offset and its own size. */
function checkFreeList(names: Uint8Array, first: number): void {
  let left = Math.floor(names.length / FREE_HEAD_BYTES);
  for (let offset = first; offset !== NO_FREE_BLOCK; left -= 1) {
    if (left === 0 || offset + FREE_HEAD_BYTES > names.length) throw damaged('the names of a group have no order');
    const size = numberAt(names, offset + 8);
    if (size < FREE_HEAD_BYTES || offset + size > names.length) throw damaged('the names of a group have no order');
    offset = numberAt(names, offset);
  }
}
