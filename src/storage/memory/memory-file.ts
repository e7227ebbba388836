import type { ByteSource } from '../hdf5/hdf5-bytes.js';
import type { FoundFile, OpenFile } from '../storage.js';
import { fileChanged } from '../storage-errors.js';
import { type Content, readContent, sizeOf, sliceOf } from './content.js';
import { beginReadSync } from './read-sync.js';

/** A file that was found holds its bytes: they cannot change, and every memory storage can read them. */
export interface MemoryFile extends FoundFile {
  readonly content: Content;
}

export function contentOf(file: FoundFile): Content {
  if ('content' in file) return (file as MemoryFile).content;
  throw new Error(`${file.path} was not found in memory`);
}

export function openContent(file: FoundFile): OpenFile {
  const content = contentOf(file);
  const { byteOffset: start = 0 } = file;
  return {
    read: async (byteOffset, byteLength) => {
      const end = byteOffset + byteLength;
      if (end > file.byteLength || start + end > sizeOf(content)) throw fileChanged(file);
      return readContent(file, content, start + byteOffset, byteLength);
    },
    close: async () => {},
  };
}

/** The bytes of a file, or of a stretch of one, to be read while everything waits. */
export async function bytesOf(file: FoundFile): Promise<ByteSource> {
  const { path, byteOffset = 0, byteLength } = file;
  const content = sliceOf(contentOf(file), byteOffset, byteLength);
  const readSync = await beginReadSync(path, [content]);
  return { byteLength, read: (address, length) => readSync(content, address, length) };
}
