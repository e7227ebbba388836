import type { FileHandle } from 'node:fs/promises';
import { CHUNK_BYTES } from '../../limits.js';

/**
 * Yields the bytes of a stretch of a file, up to its end at the most. The next chunk is read while one is used; each is
 * valid until another is requested: they share memory.
 */
export async function* fileChunks(
  file: FileHandle,
  byteOffset: number,
  byteLength: number,
): AsyncGenerator<Uint8Array> {
  const buffers = [Buffer.allocUnsafe(CHUNK_BYTES), Buffer.allocUnsafe(CHUNK_BYTES)] as const;
  const read = (buffer: Buffer, done: number): Promise<Buffer> => {
    const length = Math.min(CHUNK_BYTES, byteLength - done);
    const chunk = file
      .read(buffer, 0, length, byteOffset + done)
      .then(({ bytesRead }) => buffer.subarray(0, bytesRead));
    // The error is thrown when the chunk is requested, not before.
    chunk.catch(() => {});
    return chunk;
  };
  let reading = read(buffers[0], 0);
  try {
    for (let done = 0, turn = 1; done < byteLength; turn = 1 - turn) {
      const chunk = await reading;
      if (chunk.length === 0) return;
      done += chunk.length;
      reading = read(buffers[turn]!, done);
      yield chunk;
    }
  } finally {
    // A consumer that leaves early closes the file, and needs no remaining result.
    await reading.catch(() => {});
  }
}
