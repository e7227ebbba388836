import type { FileWindow } from '../file-window.js';
import { damaged } from './hdf5-errors.js';

/** Source of a file's bytes: a file system, memory. */
export interface ByteSource {
  readonly byteLength: number;
  /** Bytes that are there, and may be changed by who asked for them. */
  read(address: number, byteLength: number): Uint8Array;
}

/** Bytes of an HDF5 file by the addresses that it uses itself. */
export interface Hdf5Bytes extends ByteSource {
  /** @throws RetrofitError `bad-hdf5` where the file has no such bytes */
  read(address: number, byteLength: number): Uint8Array;
  /**
   * Notes that something lies at an address. No two things share bytes, so all of them together are no more than the
   * file: hostile files let a thousand headers lie over each other, and each is long.
   */
  claim(address: number, byteLength: number): void;
}

// The parts of one object lie together: a page holds most of the bytes that are read next.
const PAGE_BYTES = 2 ** 13;
const MOST_PAGES = 64;

/** Reads by addresses; pages that were read are kept for a while. */
export function hdf5Bytes(source: ByteSource): Hdf5Bytes {
  const { byteLength } = source;
  const pages = new Map<number, Uint8Array>();
  const claimed = new Map<number, number>();
  let claimedBytes = 0;
  const pageAt = (address: number): Uint8Array => {
    let page = pages.get(address);
    if (page === undefined) {
      page = source.read(address, Math.min(PAGE_BYTES, byteLength - address));
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
      if (length === 0) return new Uint8Array(0);
      const start = address % PAGE_BYTES;
      // A copy: the caller may change its bytes.
      return start + length > PAGE_BYTES
        ? source.read(address, length)
        : pageAt(address - start).slice(start, start + length);
    },
    claim: (address, length) => {
      claimedBytes += Math.max(0, length - (claimed.get(address) ?? 0));
      claimed.set(address, Math.max(length, claimed.get(address) ?? 0));
      if (claimedBytes > byteLength) throw damaged('parts of it lie over each other');
    },
  };
}

/** The bytes of a file that is being changed, as they are now. */
export const windowBytes = (file: FileWindow): Hdf5Bytes =>
  hdf5Bytes({ byteLength: file.byteLength(), read: file.read });

const MOST_REMEMBERED = 256;

/**
 * Memoizes results by file and by address; only the latest are kept.
 * @param isKept whether a result may be asked for again, and is small
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
