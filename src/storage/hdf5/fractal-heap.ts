import { bytesFor, listRecords } from './b-tree-2.js';
import { lookup3, verifyChecksum } from './checksum.js';
import { CHECKSUM_BYTES, hasSignature, numberAt, piece, sizedNumberAt, u8At, u16At, u32At } from './fields.js';
import type { Hdf5Bytes } from './hdf5-bytes.js';
import { damaged, unread } from './hdf5-errors.js';

export interface FractalHeap {
  /** Bytes of the ID by which an object is found. */
  readonly idBytes: number;
  /** @throws RetrofitError `bad-hdf5` */
  read(id: Uint8Array): Uint8Array;
}

const HEAD_BYTES = 146;
const IS_CHECKED = 0x02;
/** First byte of an ID whose object is larger than any block, and the type of the index of such objects. */
const IS_HUGE = 0x10;
const HUGE_OBJECTS = 1;
const MOST_BLOCK_BYTES = 2 ** 26;

/** A block of the heap: where it lies in the file, and where in the heap. */
interface Block {
  readonly address: number;
  readonly start: number;
  readonly byteLength: number;
}

/**
 * A heap whose blocks double: the rows of its table have `width` blocks each, those of the first two the first size,
 * those of each further row twice the one before. Large blocks are tables themselves.
 */
export function openFractalHeap(file: Hdf5Bytes, address: number): FractalHeap {
  file.claim(address, HEAD_BYTES);
  const head = file.read(address, HEAD_BYTES);
  if (!hasSignature(head, 'FRHP') || head[4] !== 0) throw damaged('where a heap should be is something else');
  if (u16At(head, 7) !== 0) throw unread('a heap that is packed');
  verifyChecksum(head);
  const [width, firstBytes, mostDirectBytes] = [u16At(head, 110), numberAt(head, 112), numberAt(head, 120)];
  const [root, rootRows] = [numberAt(head, 132), u16At(head, 140)];
  const offsetBytes = Math.ceil(u16At(head, 128) / 8);
  const isPossible =
    isPower(width) && isPower(firstBytes) && isPower(mostDirectBytes) && mostDirectBytes <= MOST_BLOCK_BYTES;
  if (!isPossible || offsetBytes < 1 || offsetBytes > 8) throw damaged('a heap is of an unknown kind');
  const lengthBytes = Math.min(Math.ceil(Math.log2(mostDirectBytes) / 8), bytesFor(u32At(head, 10)));
  const directRows = Math.log2(mostDirectBytes / firstBytes) + 2;
  const isChecked = (u8At(head, 9) & IS_CHECKED) !== 0;
  const known = new Map<number, Uint8Array>();

  /** Reads a block, and checks once that it is one of this heap. */
  const blockAt = ({ address: place, start, byteLength }: Block, signature: string): Uint8Array => {
    const found = known.get(place);
    if (found !== undefined) return found;
    file.claim(place, byteLength);
    const bytes = file.read(place, byteLength);
    const isOurs = hasSignature(bytes, signature) && bytes[4] === 0 && numberAt(bytes, 5) === address;
    if (!isOurs || sizedNumberAt(bytes, 13, offsetBytes) !== start) throw damaged('a heap holds something else');
    if (signature === 'FHIB') verifyChecksum(bytes);
    else if (isChecked) verifyBlock(bytes, 13 + offsetBytes);
    known.set(place, bytes);
    return bytes;
  };

  const rowStart = (row: number): number => (row === 0 ? 0 : firstBytes * width * 2 ** (row - 1));
  const blockBytes = (row: number): number => firstBytes * 2 ** Math.max(0, row - 1);

  /** The block that holds a place of the heap, below a table of some rows. */
  const findBlock = (table: Block, rows: number, offset: number): Block => {
    const within = offset - table.start;
    const rowOf = within < firstBytes * width ? 0 : Math.floor(Math.log2(within / (firstBytes * width))) + 1;
    if (rowOf >= rows) throw damaged('a heap does not reach as far');
    const column = Math.floor((within - rowStart(rowOf)) / blockBytes(rowOf));
    const tableBytes = 13 + offsetBytes + 8 * width * rows + CHECKSUM_BYTES;
    const bytes = blockAt({ ...table, byteLength: tableBytes }, 'FHIB');
    const child: Block = {
      address: numberAt(bytes, 13 + offsetBytes + 8 * (rowOf * width + column)),
      start: table.start + rowStart(rowOf) + column * blockBytes(rowOf),
      byteLength: blockBytes(rowOf),
    };
    if (rowOf < directRows) return child;
    return findBlock(child, Math.log2(child.byteLength / (firstBytes * width)) + 1, offset);
  };

  /** Reads an object that is larger than the heap's blocks and lies outside them. */
  const readHuge = (id: Uint8Array): Uint8Array => {
    const number = sizedNumberAt(id, 1, Math.min(8, id.length - 1));
    const record = listRecords(file, numberAt(head, 22), HUGE_OBJECTS).find((found) => numberAt(found, 16) === number);
    if (record === undefined || numberAt(record, 8) > MOST_BLOCK_BYTES) throw damaged('a heap does not reach as far');
    file.claim(numberAt(record, 0), numberAt(record, 8));
    return file.read(numberAt(record, 0), numberAt(record, 8));
  };

  return {
    idBytes: u16At(head, 5),
    read: (id) => {
      if (u8At(id, 0) === IS_HUGE) return readHuge(id);
      if (u8At(id, 0) !== 0) throw unread('an object of a heap that is no block of bytes');
      const offset = sizedNumberAt(id, 1, offsetBytes);
      const length = sizedNumberAt(id, 1 + offsetBytes, lengthBytes);
      const rootBlock: Block = { address: root, start: 0, byteLength: firstBytes };
      const block = rootRows === 0 ? rootBlock : findBlock(rootBlock, rootRows, offset);
      return piece(blockAt(block, 'FHDB'), offset - block.start, length);
    },
  };
}

const isPower = (size: number): boolean => size >= 1 && Number.isInteger(Math.log2(size));

/** Verifies a block's checksum, in which its own field counts as zero. */
function verifyBlock(bytes: Uint8Array, place: number): void {
  const blank = bytes.slice();
  blank.fill(0, place, place + CHECKSUM_BYTES);
  if (lookup3(blank) !== u32At(bytes, place)) throw damaged('a checksum is another');
}
