import { badHdf5, damaged } from './hdf5-errors.js';

// Numbers and texts as HDF5 writes them, little-endian. Reading behind the end is damage, not zero.

/** Bytes of a checksum, which follows the bytes it is computed over. */
export const CHECKSUM_BYTES = 4;

/** The undefined address: all bits set. */
export const UNDEFINED_ADDRESS = Number.POSITIVE_INFINITY;

function within(bytes: Uint8Array, offset: number, byteLength: number): void {
  if (!(offset >= 0 && offset + byteLength <= bytes.length)) throw damaged('a part of it is shorter than it should be');
}

export function u8At(bytes: Uint8Array, offset: number): number {
  within(bytes, offset, 1);
  return bytes[offset]!;
}

export function u16At(bytes: Uint8Array, offset: number): number {
  within(bytes, offset, 2);
  return bytes[offset]! | (bytes[offset + 1]! << 8);
}

export function u32At(bytes: Uint8Array, offset: number): number {
  within(bytes, offset, 4);
  const high = (bytes[offset + 2]! << 16) | (bytes[offset + 3]! << 24);
  return (bytes[offset]! | (bytes[offset + 1]! << 8) | high) >>> 0;
}

/** Reads an 8-byte number. @throws RetrofitError `bad-hdf5` for one larger than any file */
export function numberAt(bytes: Uint8Array, offset: number): number {
  const low = u32At(bytes, offset);
  const high = u32At(bytes, offset + 4);
  if (low === 0xffff_ffff && high === 0xffff_ffff) return UNDEFINED_ADDRESS;
  if (high >= 2 ** 21) throw damaged('a number is larger than any file');
  return high * 2 ** 32 + low;
}

/** A number of 1 to 8 bytes. */
export function sizedNumberAt(bytes: Uint8Array, offset: number, byteLength: number): number {
  within(bytes, offset, byteLength);
  const wide = new Uint8Array(8);
  wide.set(bytes.subarray(offset, offset + byteLength));
  return numberAt(wide, 0);
}

/** Some of the bytes, all of which are there. */
export function piece(bytes: Uint8Array, offset: number, byteLength: number): Uint8Array {
  within(bytes, offset, byteLength);
  return bytes.subarray(offset, offset + byteLength);
}

/** Tells whether a block begins with the signature that HDF5 gives its kind. */
export const hasSignature = (bytes: Uint8Array, signature: string): boolean =>
  bytes.length >= signature.length && [...signature].every((letter, index) => bytes[index] === letter.charCodeAt(0));

export function upToNul(bytes: Uint8Array): Uint8Array {
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end);
}

const TO_UTF8 = new TextEncoder();

export const encodeUtf8 = (text: string): Uint8Array => TO_UTF8.encode(text);

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
/** Below this a text is put together sooner than a decoder is called. */
const SHORT_TEXT = 64;

/** Decodes UTF-8; undefined for bytes that are no UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  if (bytes.length < SHORT_TEXT && bytes.every((byte) => byte < 0x80)) return String.fromCharCode(...bytes);
  try {
    return UTF8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** @throws RetrofitError `bad-hdf5` for a name that is not UTF-8 */
export function decodeName(bytes: Uint8Array): string {
  const name = decodeUtf8(bytes);
  if (name === undefined) throw badHdf5('a name that is not in UTF-8');
  return name;
}

/** Rounds up to a multiple of 8 bytes. */
export const padded = (byteLength: number): number => Math.ceil(byteLength / 8) * 8;

export const product = (numbers: readonly number[]): number => numbers.reduce((a, b) => a * b, 1);

export const toHex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

export const fromHex = (hex: string): Uint8Array =>
  Uint8Array.from(hex.replaceAll(' ', '').match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
