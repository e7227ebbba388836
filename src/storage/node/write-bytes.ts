import { writeSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';

/** Writes all of some bytes at a place of a file; a system call may write less. Where they end is returned. */
export async function writeBytes(file: FileHandle, bytes: Uint8Array, byteOffset: number): Promise<number> {
  for (let done = 0; done < bytes.byteLength; ) {
    done += progress((await file.write(bytes, done, bytes.byteLength - done, byteOffset + done)).bytesWritten);
  }
  return byteOffset + bytes.byteLength;
}

/** The same for a descriptor, synchronously. */
export function writeBytesSync(descriptor: number, bytes: Uint8Array, byteOffset: number): void {
  for (let done = 0; done < bytes.byteLength; ) {
    done += progress(writeSync(descriptor, bytes, done, bytes.byteLength - done, byteOffset + done));
  }
}

/** A device that takes nothing and does not say why would be asked for ever. */
function progress(bytesWritten: number): number {
  if (bytesWritten > 0) return bytesWritten;
  throw Object.assign(new Error('nothing was written'), { code: 'EIO', syscall: 'write' });
}
