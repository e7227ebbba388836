import { inflateSync } from 'node:zlib';
import type { Inflate } from '../../hdf5/filter-pipeline.js';
import type { ByteSource } from '../../hdf5/hdf5-bytes.js';
import { damaged } from '../../hdf5/hdf5-errors.js';
import type { FoundFile } from '../../storage.js';
import { unreadable } from '../open-file.js';
import { readBytesSync } from '../read-bytes.js';

/** The bytes of a file that is open for reading, or of a stretch of one. */
export const bytesOf = (descriptor: number, { path, byteOffset = 0, byteLength }: FoundFile): ByteSource => ({
  byteLength,
  read: (address, length) => {
    const bytes = readable(path, () => readBytesSync(descriptor, byteOffset + address, length));
    if (bytes.byteLength < length) throw damaged('the file ends too early');
    return bytes;
  },
});

function readable<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** Codes of zlib's errors for damaged bytes, or too many of them. */
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
