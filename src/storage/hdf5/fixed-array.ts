import { verifyChecksum } from './checksum.js';
import { CHECKSUM_BYTES, hasSignature, numberAt, piece, sizedNumberAt, u8At, u32At } from './fields.js';
import type { Hdf5Bytes } from './hdf5-bytes.js';
import { damaged } from './hdf5-errors.js';

// The index of a dataset in chunks that never grows, in files of the later kind: a list of places.

interface Element {
  readonly address: number;
  /** Undefined where chunks are not filtered: they are all of one size. */
  readonly byteLength: number | undefined;
  readonly mask: number;
}

const HEAD_BYTES = 28;
const BLOCK_HEAD_BYTES = 14;
const ADDRESS_BYTES = 8;
const MASK_BYTES = 4;

/** Yields the elements of a fixed array by their numbers, but for those of pages that were never written. */
export function* listFixedArray(
  file: Hdf5Bytes,
  address: number,
  isPacked: boolean,
): Generator<readonly [number: number, element: Element]> {
  const head = checked(file, address, HEAD_BYTES, 'FAHD');
  const [elementBytes, pageBits] = [u8At(head, 6), u8At(head, 7)];
  const [count, block] = [numberAt(head, 8), numberAt(head, 16)];
  const sizeBytes = elementBytes - ADDRESS_BYTES - MASK_BYTES;
  const isPossible = isPacked ? sizeBytes >= 1 && sizeBytes <= 8 : elementBytes === ADDRESS_BYTES;
  if (
    u8At(head, 5) !== (isPacked ? 1 : 0) ||
    !isPossible ||
    pageBits > 31 ||
    !(count * elementBytes <= file.byteLength)
  ) {
    throw damaged('the list of chunks is of an unknown kind');
  }
  const pageLength = 2 ** pageBits;
  const pages = count > pageLength ? Math.ceil(count / pageLength) : 0;
  const mapBytes = Math.ceil(pages / 8);
  const blockBytes = BLOCK_HEAD_BYTES + mapBytes + (pages === 0 ? count * elementBytes : 0) + CHECKSUM_BYTES;
  const start = checked(file, block, blockBytes, 'FADB');
  if (numberAt(start, 6) !== address) throw damaged('the list of chunks is of another dataset');
  if (pages === 0) yield* elementsOf(start.subarray(BLOCK_HEAD_BYTES), 0, count);
  const map = piece(start, BLOCK_HEAD_BYTES, mapBytes);
  for (let page = 0, place = block + blockBytes; page < pages; page += 1) {
    const length = Math.min(pageLength, count - page * pageLength);
    const pageBytes = length * elementBytes + CHECKSUM_BYTES;
    const isWritten = (map[Math.floor(page / 8)]! & (0x80 >> (page % 8))) !== 0;
    if (isWritten) yield* elementsOf(checked(file, place, pageBytes), page * pageLength, length);
    place += pageBytes;
  }

  function* elementsOf(bytes: Uint8Array, first: number, length: number): Generator<readonly [number, Element]> {
    for (let index = 0; index < length; index += 1) {
      const at = index * elementBytes;
      const byteLength = isPacked ? sizedNumberAt(bytes, at + ADDRESS_BYTES, sizeBytes) : undefined;
      const mask = isPacked ? u32At(bytes, at + ADDRESS_BYTES + sizeBytes) : 0;
      yield [first + index, { address: numberAt(bytes, at), byteLength, mask }];
    }
  }
}

function checked(file: Hdf5Bytes, address: number, byteLength: number, signature?: string): Uint8Array {
  file.claim(address, byteLength);
  const bytes = file.read(address, byteLength);
  verifyChecksum(bytes);
  if (signature !== undefined && (!hasSignature(bytes, signature) || bytes[4] !== 0)) {
    throw damaged('where the list of chunks should be is something else');
  }
  return bytes;
}
