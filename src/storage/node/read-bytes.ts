import { readSync } from 'node:fs';

/** Some bytes of a file, while everything waits: fewer where the file ends before. */
export function readBytesSync(descriptor: number, byteOffset: number, byteLength: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(byteLength);
  let done = 0;
  while (done < byteLength) {
    const count = readSync(descriptor, bytes, done, byteLength - done, byteOffset + done);
    if (count === 0) return bytes.subarray(0, done);
    done += count;
  }
  return bytes;
}
