import { readSync } from 'node:fs';
import { inflateSync } from 'node:zlib';
import type { Inflate } from '../../hdf5/filter-pipeline.js';
import { type Hdf5Bytes, hdf5Bytes } from '../../hdf5/hdf5-bytes.js';
import { damaged } from '../../hdf5/hdf5-errors.js';

/** The bytes of an open file, or of a stretch of it. */
export const bytesOf = (descriptor: number, byteOffset: number, byteLength: number): Hdf5Bytes =>
  hdf5Bytes({
    byteLength,
    read: (address, length) => {
      const bytes = new Uint8Array(length);
      for (let done = 0; done < length; ) {
        const count = readSync(descriptor, bytes, done, length - done, byteOffset + address + done);
        if (count === 0) throw damaged('the file ends too early');
        done += count;
      }
      return bytes;
    },
  });

/** What zlib says is wrong with the bytes, or too many of them. */
const IS_DAMAGE = /^(?:Z_|ERR_BUFFER_TOO_LARGE)/;

export const inflate: Inflate = (packed, mostBytes) => {
  try {
    const { buffer, byteOffset, byteLength } = inflateSync(packed, { maxOutputLength: mostBytes });
    return new Uint8Array(buffer, byteOffset, byteLength);
  } catch (error) {
    if (error instanceof Error && 'code' in error && IS_DAMAGE.test(String(error.code))) return undefined;
    throw error;
  }
};
