import { listRecords } from './b-tree-2.js';
import { piece, UNDEFINED_ADDRESS } from './fields.js';
import { openFractalHeap } from './fractal-heap.js';
import type { Hdf5Bytes } from './hdf5-bytes.js';

// What does not fit into an object's header, its links or its attributes: messages in a heap, with an index by their names.

/** The type of an index's records, and where each says where its message lies. */
const INDEXES = { links: { type: 5, idOffset: 4 }, attributes: { type: 8, idOffset: 0 } } as const;

interface DenseMessage {
  readonly record: Uint8Array;
  readonly content: Uint8Array;
}

/** Reads the messages of a heap, by an index. @param heap infinite where there is none */
export function readDense(
  file: Hdf5Bytes,
  heap: number,
  index: number,
  what: keyof typeof INDEXES,
): readonly DenseMessage[] {
  if (heap === UNDEFINED_ADDRESS) return [];
  const { type, idOffset } = INDEXES[what];
  const { idBytes, read } = openFractalHeap(file, heap);
  return listRecords(file, index, type).map((record) => ({ record, content: read(piece(record, idOffset, idBytes)) }));
}
