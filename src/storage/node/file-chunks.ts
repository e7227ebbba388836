import type { FileHandle } from 'node:fs/promises';
import { CHUNK_BYTES } from '../../limits.js';

/**
 * The bytes of a stretch of a file, up to its end at the most. The next chunk is read while one is used, which is gone
 * when another is asked for: they share memory.
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
    // It is thrown when the chunk is asked for, not before.
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
    // Whoever leaves early closes the file, and asks no more what was read of it.
    await reading.catch(() => {});
  }
}
