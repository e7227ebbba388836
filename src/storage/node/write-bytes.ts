import type { FileHandle } from 'node:fs/promises';

/** Writes all of some bytes at a place of a file; a system call may write less. Where they end is returned. */
export async function writeBytes(file: FileHandle, bytes: Uint8Array, byteOffset: number): Promise<number> {
  for (let done = 0; done < bytes.byteLength; ) {
    done += (await file.write(bytes, done, bytes.byteLength - done, byteOffset + done)).bytesWritten;
  }
  return byteOffset + bytes.byteLength;
}
