import { CHECKSUM_BYTES, u32At } from './fields.js';
import { damaged } from './hdf5-errors.js';

/** @throws RetrofitError `bad-hdf5` where the last four bytes are not the checksum of those before */
export function verifyChecksum(bytes: Uint8Array): void {
  const end = bytes.length - CHECKSUM_BYTES;
  if (lookup3(bytes.subarray(0, Math.max(0, end))) !== u32At(bytes, end)) throw damaged('a checksum is another');
}

const rotate = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits));

/** Computes Bob Jenkins' hash, by which HDF5 checks its metadata. */
export function lookup3(bytes: Uint8Array): number {
  let a = (0xdead_beef + bytes.length) | 0;
  let b = a;
  let c = a;
  const word = (offset: number): number => {
    let value = 0;
    for (let index = 0; index < 4 && offset + index < bytes.length; index += 1) {
      value |= bytes[offset + index]! << (8 * index);
    }
    return value;
  };
  let offset = 0;
  for (; bytes.length - offset > 12; offset += 12) {
    a = (a + word(offset)) | 0;
    b = (b + word(offset + 4)) | 0;
    c = (c + word(offset + 8)) | 0;
    a = (a - c) ^ rotate(c, 4);
    c = (c + b) | 0;
    b = (b - a) ^ rotate(a, 6);
    a = (a + c) | 0;
    c = (c - b) ^ rotate(b, 8);
    b = (b + a) | 0;
    a = (a - c) ^ rotate(c, 16);
    c = (c + b) | 0;
    b = (b - a) ^ rotate(a, 19);
    a = (a + c) | 0;
    c = (c - b) ^ rotate(b, 4);
    b = (b + a) | 0;
  }
  if (bytes.length === offset) return c >>> 0;
  a = (a + word(offset)) | 0;
  b = (b + word(offset + 4)) | 0;
  c = (c + word(offset + 8)) | 0;
  c = (c ^ b) - rotate(b, 14);
  a = (a ^ c) - rotate(c, 11);
  b = (b ^ a) - rotate(a, 25);
  c = (c ^ b) - rotate(b, 16);
  a = (a ^ c) - rotate(c, 4);
  b = (b ^ a) - rotate(a, 14);
  c = (c ^ b) - rotate(b, 24);
  return c >>> 0;
}
