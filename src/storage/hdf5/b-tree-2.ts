import { verifyChecksum } from './checksum.js';
import { CHECKSUM_BYTES, hasSignature, numberAt, sizedNumberAt, u8At, u16At, u32At } from './fields.js';
import type { Hdf5Bytes } from './hdf5-bytes.js';
import { damaged } from './hdf5-errors.js';

const HEAD_BYTES = 38;
const NODE_HEAD_BYTES = 6;
// Two levels hold a thousand records, and each further one multiplies by 25.
const MOST_LEVELS = 8;

/** Layout of the nodes of a level. */
interface Level {
  readonly mostRecords: number;
  /** Bytes of the counts in a pointer to a node of the level: of the node's own records, and of all those below it. */
  readonly countBytes: number;
  readonly totalBytes: number;
  readonly mostTotal: number;
}

/** The records of a B-tree of the second version, in their order. No node is read twice. */
export function listRecords(file: Hdf5Bytes, address: number, type: number): readonly Uint8Array[] {
  const head = checked(file, address, HEAD_BYTES, 'BTHD', type);
  const [nodeBytes, recordBytes, depth] = [u32At(head, 6), u16At(head, 10), u16At(head, 12)];
  if (depth > MOST_LEVELS || recordBytes === 0) throw damaged('a B-tree is of an unknown kind');
  const levels = levelsOf(nodeBytes, recordBytes, depth);
  const seen = new Set<number>();
  const records: Uint8Array[] = [];
  if (u16At(head, 24) > 0) visit(numberAt(head, 16), u16At(head, 24), depth);
  if (records.length !== numberAt(head, 26)) throw damaged('a B-tree has another number of records than it says');
  return records;

  function visit(node: number, count: number, level: number): void {
    if (seen.has(node)) throw damaged('a B-tree goes round in a circle');
    seen.add(node);
    const { mostRecords } = levels[level]!;
    const below = levels[level - 1];
    const pointerBytes = below === undefined ? 0 : 8 + below.countBytes + below.totalBytes;
    if (count > mostRecords) throw damaged('a B-tree holds more than it has room for');
    const pointers = NODE_HEAD_BYTES + count * recordBytes;
    const byteLength = pointers + (below === undefined ? 0 : (count + 1) * pointerBytes) + CHECKSUM_BYTES;
    const bytes = checked(file, node, byteLength, below === undefined ? 'BTLF' : 'BTIN', type);
    for (let index = 0; index <= count; index += 1) {
      const pointer = pointers + index * pointerBytes;
      if (below !== undefined) {
        visit(numberAt(bytes, pointer), sizedNumberAt(bytes, pointer + 8, below.countBytes), level - 1);
      }
      const record = NODE_HEAD_BYTES + index * recordBytes;
      if (index < count) records.push(bytes.subarray(record, record + recordBytes));
    }
  }
}

/** Computes the levels from the leaves to the root: the width of the counts in a pointer depends on their maximum. */
function levelsOf(nodeBytes: number, recordBytes: number, depth: number): readonly Level[] {
  const room = nodeBytes - NODE_HEAD_BYTES - CHECKSUM_BYTES;
  const mostInLeaf = Math.floor(room / recordBytes);
  const countBytes = bytesFor(mostInLeaf);
  const levels: Level[] = [{ mostRecords: mostInLeaf, countBytes, totalBytes: 0, mostTotal: mostInLeaf }];
  for (let level = 1; level <= depth; level += 1) {
    const below = levels[level - 1]!;
    const pointerBytes = 8 + countBytes + below.totalBytes;
    const mostRecords = Math.floor((room - pointerBytes) / (recordBytes + pointerBytes));
    const mostTotal = (mostRecords + 1) * below.mostTotal + mostRecords;
    levels.push({ mostRecords, countBytes, totalBytes: bytesFor(mostTotal), mostTotal });
  }
  return levels;
}

/** Bytes that hold any number up to one. */
export const bytesFor = (most: number): number => Math.min(8, Math.floor(Math.log2(Math.max(1, most)) / 8) + 1);

function checked(file: Hdf5Bytes, address: number, byteLength: number, signature: string, type: number): Uint8Array {
  file.claim(address, byteLength);
  const bytes = file.read(address, byteLength);
  verifyChecksum(bytes);
  if (!hasSignature(bytes, signature) || u8At(bytes, 4) !== 0 || u8At(bytes, 5) !== type) {
    throw damaged('a B-tree holds something else');
  }
  return bytes;
}
