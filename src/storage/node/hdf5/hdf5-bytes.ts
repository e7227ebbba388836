import { readSync } from 'node:fs';
import { inputError } from '../../../errors.js';

/** Bytes of an HDF5 file by the addresses that it uses itself. */
export interface Hdf5Bytes {
  readonly byteLength: number;
  /** @throws RetrofitError `bad-hdf5` where the file has no such bytes */
  read(address: number, byteLength: number): Buffer;
}

/** The address that stands for "nowhere": all bits set. */
export const UNDEFINED_ADDRESS = Number.POSITIVE_INFINITY;
export const UNDEFINED_BYTES = Buffer.alloc(8, 0xff);

const SIGNATURE = Buffer.from('\x89HDF\r\n\x1a\n', 'latin1');
const SUPERBLOCK_BYTES = 96;
/** Half of the names in a node of a group's table, and of the children in a node of the tree over it. */
const USUAL_WIDTHS = [4, 16] as const;

export const badHdf5 = (message: string, object?: string) =>
  inputError('bad-hdf5', message, { where: { field: object }, hint: 'copy or save the file again' });

export const damaged = (what: string, object?: string) => badHdf5(`the HDF5 file is damaged: ${what}`, object);

// What belongs to one object lies together: a page holds most of what is asked for next.
const PAGE_BYTES = 2 ** 13;
const MOST_PAGES = 64;

/** Reads an open file, or a stretch of it, by addresses; what was read is remembered for a while. */
export function bytesOf(descriptor: number, byteOffset: number, byteLength: number): Hdf5Bytes {
  const pages = new Map<number, Buffer>();
  const readAt = (address: number, length: number): Buffer => {
    const bytes = Buffer.alloc(length);
    for (let done = 0; done < length; ) {
      const count = readSync(descriptor, bytes, done, length - done, byteOffset + address + done);
      if (count === 0) throw damaged('the file ends too early');
      done += count;
    }
    return bytes;
  };
  const pageAt = (address: number): Buffer => {
    let page = pages.get(address);
    if (page === undefined) {
      page = readAt(address, Math.min(PAGE_BYTES, byteLength - address));
      if (pages.size === MOST_PAGES) pages.delete(pages.keys().next().value!);
      pages.set(address, page);
    }
    return page;
  };
  return {
    byteLength,
    read: (address, length) => {
      if (!(address >= 0 && length >= 0 && address + length <= byteLength)) {
        throw damaged('an address lies behind the end of the file');
      }
      const start = address % PAGE_BYTES;
      if (start + length > PAGE_BYTES) return readAt(address, length);
      // A copy: what is passed on may be changed.
      return length === 0 ? Buffer.alloc(0) : Buffer.from(pageAt(address - start).subarray(start, start + length));
    },
  };
}

/**
 * What was read of a file, by the address where it lies; only the latest is remembered.
 * @param isKept whether something may be asked for again, and is small
 */
export function memoize<T>(
  read: (file: Hdf5Bytes, address: number) => T,
  isKept: (result: T) => boolean,
): (file: Hdf5Bytes, address: number) => T {
  const known = new WeakMap<Hdf5Bytes, Map<number, T>>();
  return (file, address) => {
    const ofFile = known.get(file) ?? new Map<number, T>();
    known.set(file, ofFile);
    const found = ofFile.get(address);
    if (found !== undefined) return found;
    const result = read(file, address);
    if (!isKept(result)) return result;
    if (ofFile.size === MOST_REMEMBERED) ofFile.delete(ofFile.keys().next().value!);
    ofFile.set(address, result);
    return result;
  };
}

const MOST_REMEMBERED = 256;

/** An 8-byte number; what is larger than any file is no number that we can use. */
export function numberAt(bytes: Buffer, offset: number): number {
  const low = bytes.readUInt32LE(offset);
  const high = bytes.readUInt32LE(offset + 4);
  if (low === 0xffff_ffff && high === 0xffff_ffff) return UNDEFINED_ADDRESS;
  if (high >= 2 ** 21) throw damaged('a number is larger than any file');
  return high * 2 ** 32 + low;
}

/** The same, to be written. */
export function numberBytes(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

/** What so many bytes take where each thing begins at a multiple of 8. */
export const padded = (byteLength: number): number => Math.ceil(byteLength / 8) * 8;

/**
 * Reads the superblock's version, and compares the size that it gives with the file.
 * @throws RetrofitError `bad-hdf5` for what is no HDF5 file, or only its beginning
 */
export function readSuperblock(file: Hdf5Bytes): { readonly version: number; readonly end: number } {
  const start = file.read(0, Math.min(SUPERBLOCK_BYTES, file.byteLength));
  if (!start.subarray(0, SIGNATURE.length).equals(SIGNATURE)) {
    throw inputError('bad-hdf5', 'this is not an HDF5 file, or one that begins with a user block', {
      hint: 'give a file that Keras saved',
    });
  }
  if (start.length < SUPERBLOCK_BYTES) throw damaged('it ends within its first block');
  const version = start[8]!;
  if (version > 3) throw badHdf5(`HDF5 superblock version ${version} is not known`);
  const isEarly = version < 2;
  const [offsetBytes, lengthBytes] = isEarly ? [start[13], start[14]] : [start[9], start[10]];
  if (offsetBytes !== 8 || lengthBytes !== 8) {
    throw badHdf5(`HDF5 addresses of ${offsetBytes} and lengths of ${lengthBytes} bytes are not what Keras writes`);
  }
  // HDF5 would write nodes of this size over what lies behind the smaller ones.
  const [leafNames, treeNodes] = isEarly ? [start.readUInt16LE(16), start.readUInt16LE(18)] : USUAL_WIDTHS;
  if (leafNames !== USUAL_WIDTHS[0] || treeNodes !== USUAL_WIDTHS[1]) {
    throw badHdf5(`HDF5 groups of ${leafNames} and ${treeNodes} names a node are not what Keras writes`);
  }
  const addresses = isEarly ? (version === 0 ? 24 : 28) : 12;
  if (numberAt(start, addresses) !== 0) throw badHdf5('an HDF5 file within another file is not what Keras writes');
  const end = numberAt(start, addresses + 16);
  if (end > file.byteLength) {
    throw damaged(`it has ${file.byteLength} bytes of the ${Number.isFinite(end) ? end : 'many'} that it should have`);
  }
  return { version, end };
}
