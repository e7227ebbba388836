import { fileChanged } from '../storage-errors.js';
import { type Content, readContent, sizeOf, sliceOf } from './content.js';

/** A copy of some bytes, while everything waits. */
export type ReadSync = (content: Content, byteOffset: number, byteLength: number) => Uint8Array;

/** Reads blobs synchronously; only web workers have it, neither pages nor Node. */
const { FileReaderSync } = globalThis as {
  readonly FileReaderSync?: new () => { readAsArrayBuffer(blob: Blob): ArrayBuffer };
};

/** Whether blobs can be read while everything waits, wherever they came from. */
export const READS_BLOBS = FileReaderSync !== undefined;

/**
 * Prepares reading blobs synchronously: in a web worker where they are, elsewhere they are read first.
 * @param path the name of the file for messages
 */
export async function beginReadSync(path: string, contents: Iterable<Content>): Promise<ReadSync> {
  const read = FileReaderSync === undefined ? await readAll(path, contents) : readWith(path, new FileReaderSync());
  return (content, byteOffset, byteLength) =>
    content instanceof Uint8Array
      ? new Uint8Array(content.subarray(byteOffset, byteOffset + byteLength))
      : read(content, byteOffset, byteLength);
}

type ReadBlob = (blob: Blob, byteOffset: number, byteLength: number) => Uint8Array;

const readWith =
  (path: string, reader: { readAsArrayBuffer(blob: Blob): ArrayBuffer }): ReadBlob =>
  (blob, byteOffset, byteLength) => {
    try {
      return new Uint8Array(reader.readAsArrayBuffer(sliceOf(blob, byteOffset, byteLength) as Blob));
    } catch {
      throw fileChanged({ path });
    }
  };

async function readAll(path: string, contents: Iterable<Content>): Promise<ReadBlob> {
  const known = new Map<Content, Uint8Array>();
  for (const content of contents) {
    if (!known.has(content)) known.set(content, await readContent({ path }, content, 0, sizeOf(content)));
  }
  return (blob, byteOffset, byteLength) => known.get(blob)!.slice(byteOffset, byteOffset + byteLength);
}
