import { unzlibSync } from 'fflate';
import { SMALL_BYTES } from '../../limits.js';
import type { Inflate } from '../hdf5/filter-pipeline.js';

const ADLER_BYTES = 4;

/** Undoes gzip as HDF5 has it, synchronously, which browsers cannot by themselves. */
export const inflate: Inflate = (packed, mostBytes) => {
  try {
    // One byte more than allowed: bytes without room are dropped, and noticed by this one.
    const bytes = unzlibSync(packed, { out: new Uint8Array(mostBytes + 1) });
    const { buffer, byteOffset, byteLength } = packed;
    const checksum = new DataView(buffer, byteOffset + byteLength - ADLER_BYTES).getUint32(0);
    return bytes.length <= mostBytes && adler32(bytes) === checksum ? bytes : undefined;
  } catch {
    return undefined;
  }
};

const MODULUS = 65_521;
/** Number of bytes that are added up before a sum could leave 32 bits. */
const MOST_AT_ONCE = 5552;

/** The checksum behind the bytes, which the library does not compare. */
function adler32(bytes: Uint8Array): number {
  let [sum1, sum2] = [1, 0];
  for (let index = 0; index < bytes.length; ) {
    const end = Math.min(bytes.length, index + MOST_AT_ONCE);
    for (; index < end; index += 1) {
      sum1 += bytes[index]!;
      sum2 += sum1;
    }
    sum1 %= MODULUS;
    sum2 %= MODULUS;
  }
  return sum2 * 2 ** 16 + sum1;
}

/** Undoes deflate as zip archives have it. */
export async function* inflateRaw(packed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const { readable, writable } = new DecompressionStream('deflate-raw');
  const writing = writeAll(packed, writable.getWriter());
  // It is thrown where the stream is read.
  writing.catch(() => {});
  const reader = readable.getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
    await writing;
  } finally {
    // A consumer that leaves early needs none of the remaining results.
    await reader.cancel().catch(() => {});
    await writing.catch(() => {});
  }
}

type Writer = ReturnType<DecompressionStream['writable']['getWriter']>;

/** Few bytes at once: all that they unpack to waits in memory. */
async function writeAll(packed: AsyncIterable<Uint8Array>, writer: Writer): Promise<void> {
  try {
    for await (const chunk of packed) {
      for (let start = 0; start < chunk.byteLength; start += SMALL_BYTES) {
        await writer.ready;
        await writer.write(chunk.subarray(start, start + SMALL_BYTES));
      }
    }
    await writer.close();
  } catch (error) {
    await writer.abort(error).catch(() => {});
    throw error;
  }
}
