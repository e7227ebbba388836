import { CHUNK_BYTES } from '../../limits.js';
import type { ByteRange, Tensor } from '../../model/tensor.js';
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

/** Reads the bytes a tensor has in its files, a chunk at a time; chunks hold whole values even where files do not. */
export async function* readChunks(reader: WeightReader, ranges: readonly ByteRange[]): AsyncGenerator<Uint8Array> {
  let pending: ByteRange[] = [];
  let size = 0;
  for (const range of ranges) {
    for (let offset = 0; offset < range.byteLength; ) {
      const byteLength = Math.min(CHUNK_BYTES - size, range.byteLength - offset);
      pending.push({ file: range.file, byteOffset: range.byteOffset + offset, byteLength });
      size += byteLength;
      offset += byteLength;
      if (size < CHUNK_BYTES) continue;
      yield await readStretch(reader, pending);
      pending = [];
      size = 0;
    }
  }
  if (size > 0) yield await readStretch(reader, pending);
}

/** The bytes of some chunks with the places they go to: ranges that lie one behind the other in a stream. */
export async function* placeChunks(
  ranges: readonly ByteRange[],
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<{ readonly range: ByteRange; readonly bytes: Uint8Array }> {
  const left = [...ranges];
  for await (const chunk of chunks) {
    for (let done = 0; done < chunk.byteLength; ) {
      const [{ file, byteOffset, byteLength: room }] = left as [ByteRange];
      const byteLength = Math.min(room, chunk.byteLength - done);
      yield { range: { file, byteOffset, byteLength }, bytes: chunk.subarray(done, done + byteLength) };
      done += byteLength;
      if (byteLength === room) left.shift();
      else left[0] = { file, byteOffset: byteOffset + byteLength, byteLength: room - byteLength };
    }
  }
}

/**
 * Multiplies stored float16 values by 2^exponent, in place, rounding those that get too small; false where one would
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

/** Tells whether doubling a tensor changes bytes; a quantised one is doubled by its scale and min, in the manifest. */
export const changesBytes = (tensor: Tensor): boolean =>
  tensor.exponent !== 0 && (tensor.quantization === undefined || tensor.quantization.dtype === 'float16');
