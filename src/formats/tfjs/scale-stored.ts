import { CHUNK_BYTES } from '../../limits.js';
import type { ByteRange, Tensor } from '../../model/tensor.js';
import { scaleFloats } from '../scale-values.js';
import { toFloat16 } from './quantize.js';
import type { WeightReader } from './weight-reader.js';

/** The bytes of some ranges, one behind the other. */
export async function readStretch(reader: WeightReader, ranges: readonly ByteRange[]): Promise<Uint8Array> {
  const [only] = ranges;
  if (only !== undefined && ranges.length === 1) return reader.read(only);
  const bytes = new Uint8Array(ranges.reduce((sum, range) => sum + range.byteLength, 0));
  let done = 0;
  for (const range of ranges) {
    bytes.set(await reader.read(range), done);
    done += range.byteLength;
  }
  return bytes;
}

/** Some bytes of a tensor, with the places they have in its files. */
export interface StoredChunk {
  readonly bytes: Uint8Array;
  readonly ranges: readonly ByteRange[];
}

/** Reads the bytes a tensor has in its files, a chunk at a time; chunks hold whole values even where files do not. */
export async function* readChunks(reader: WeightReader, ranges: readonly ByteRange[]): AsyncGenerator<StoredChunk> {
  let pending: ByteRange[] = [];
  let size = 0;
  const flush = async () => {
    const chunk = { bytes: await readStretch(reader, pending), ranges: pending };
    pending = [];
    size = 0;
    return chunk;
  };
  for (const range of ranges) {
    for (let offset = 0; offset < range.byteLength; ) {
      const byteLength = Math.min(CHUNK_BYTES - size, range.byteLength - offset);
      pending.push({ file: range.file, byteOffset: range.byteOffset + offset, byteLength });
      size += byteLength;
      offset += byteLength;
      if (size === CHUNK_BYTES) yield await flush();
    }
  }
  if (size > 0) yield await flush();
}

/** Multiplies stored float32 values by 2^exponent, in place. */
export const scaleFloat32 = (bytes: Uint8Array, exponent: number, name: string): void =>
  scaleFloats(new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4), exponent, name);

/**
 * Multiplies stored float16 values by 2^exponent, in place, what gets too small rounded; false where one of them would
 * become infinite.
 */
export function scaleFloat16(bytes: Uint8Array, exponent: number): boolean {
  const values = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2);
  const scaled = decodeFloat16(bytes, exponent);
  for (const [index, bits] of values.entries()) {
    if ((bits & 0x7c00) === 0x7c00) continue;
    const after = toFloat16(scaled[index]!);
    if ((after & 0x7c00) === 0x7c00) return false;
    values[index] = after;
  }
  return true;
}

/** The numbers of stored float16 values, times 2^exponent. */
export function decodeFloat16(bytes: Uint8Array, exponent: number): Float32Array {
  const stored = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2);
  return Float32Array.from(stored, (bits) => {
    const sign = bits & 0x8000 ? -1 : 1;
    const power = (bits >> 10) & 31;
    const fraction = bits & 0x3ff;
    if (power === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
    return sign * (power === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (power - 25)) * 2 ** exponent;
  });
}

/** Whether doubling a tensor changes bytes; a quantised one is doubled by its scale and min, in the manifest. */
export const changesBytes = (tensor: Tensor): boolean =>
  tensor.exponent !== 0 && (tensor.quantization === undefined || tensor.quantization.dtype === 'float16');
