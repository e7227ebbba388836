import type { FileHandle } from 'node:fs/promises';
import { CHUNK_BYTES } from '../../limits.js';

/** The bytes of a stretch of a file, up to its end at the most. A chunk is gone when the next is asked for: they share memory. */
export async function* fileChunks(
  file: FileHandle,
  byteOffset: number,
  byteLength: number,
): AsyncGenerator<Uint8Array> {
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  for (let done = 0; done < byteLength; ) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(CHUNK_BYTES, byteLength - done), byteOffset + done);
    if (bytesRead === 0) return;
    done += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
