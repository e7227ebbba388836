import { usageError } from '../../errors.js';
import { CHUNK_BYTES } from '../../limits.js';
import { crc32ByTable } from '../crc32.js';
import type { FoundFile } from '../storage.js';
import { fileChanged } from '../storage-errors.js';

/** The bytes of a file: in memory, or where a browser keeps them (a dropped `File` is a `Blob`). */
export type Content = Uint8Array | Blob;

/** Files by their paths, with slashes. */
export type Files = Iterable<readonly [string, Content]>;

/**
 * Lets files through that are pairs of a path and a content, whatever a program without types gives.
 * @throws RetrofitError `bad-content`
 */
export function checkFiles(files: Files): readonly (readonly [string, Content])[] {
  const pairs = isIterable(files) ? [...files] : [files];
  for (const pair of pairs) {
    const [path, content] = Array.isArray(pair) ? pair : [undefined, undefined];
    if (typeof path !== 'string')
      throw usageError('bad-content', 'the files are no pairs of a path and a content', {
        hint: 'give a list of [file.name, file]',
      });
    if (!(content instanceof Uint8Array) && typeof content?.arrayBuffer !== 'function')
      throw usageError('bad-content', 'what is given for the content of the file is no Uint8Array, Blob or File', {
        where: { file: path },
        hint: 'of an ArrayBuffer give new Uint8Array(buffer), of an answer to fetch its blob()',
      });
  }
  return pairs as readonly (readonly [string, Content])[];
}

const isIterable = (value: unknown): value is Iterable<unknown> =>
  typeof value === 'object' && value !== null && Symbol.iterator in value;

export const sizeOf = (content: Content): number => (content instanceof Uint8Array ? content.byteLength : content.size);

/** A stretch of some bytes, which stay where they are. */
export function sliceOf(content: Content, byteOffset: number, byteLength: number): Content {
  if (byteOffset === 0 && byteLength === sizeOf(content)) return content;
  const end = byteOffset + byteLength;
  return content instanceof Uint8Array ? content.subarray(byteOffset, end) : content.slice(byteOffset, end);
}

/**
 * A copy of some bytes of a file.
 * @throws RetrofitError `input-changed`: a browser does not read a file that changed since it was chosen
 */
export async function readContent(
  { path }: Pick<FoundFile, 'path'>,
  content: Content,
  byteOffset: number,
  byteLength: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const slice = sliceOf(content, byteOffset, byteLength);
  if (slice instanceof Uint8Array) return new Uint8Array(slice);
  try {
    return new Uint8Array(await slice.arrayBuffer());
  } catch {
    throw fileChanged({ path });
  }
}

/** The checksum of all bytes, by which zip archives know them. */
export async function checksumOf(file: Pick<FoundFile, 'path'>, content: Content): Promise<number> {
  let crc = 0;
  for (let start = 0; start < sizeOf(content); start += CHUNK_BYTES) {
    crc = crc32ByTable(await readContent(file, content, start, Math.min(CHUNK_BYTES, sizeOf(content) - start)), crc);
  }
  return crc;
}

/** Gathers bytes that come in pieces. A piece may be overwritten when the next is requested. */
export async function gather(chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<Blob> {
  const parts: Blob[] = [];
  for await (const chunk of chunks) parts.push(new Blob([chunk as Uint8Array<ArrayBuffer>]));
  return new Blob(parts);
}
