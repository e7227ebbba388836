import { CHUNK_BYTES } from '../../limits.js';
import type { ByteRange } from '../../model/tensor.js';
import type { FoundFile, OpenFile, Storage } from '../../storage/storage.js';

/** Reads stretches of weight files, each file opened once. */
export interface WeightReader {
  /** @param into where the bytes may go, if there is room */
  read(range: ByteRange, into?: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>>;
}

/** Opens weight files as they are asked for, for the time of some work. */
export async function withWeightReader<T>(
  storage: Storage,
  files: ReadonlyMap<string, FoundFile>,
  work: (reader: WeightReader) => Promise<T>,
): Promise<T> {
  const opened = new Map<string, Promise<OpenFile>>();
  try {
    return await work({
      read: async ({ file, byteOffset, byteLength }, into) => {
        let opening = opened.get(file);
        if (opening === undefined) {
          opening = storage.open(files.get(file)!);
          opened.set(file, opening);
        }
        return (await opening).read(byteOffset, byteLength, into);
      },
    });
  } finally {
    for (const opening of opened.values()) {
      await opening.then(
        (file) => file.close(),
        // The reader that requested it was told.
        () => {},
      );
    }
  }
}

/** The bytes of some ranges, one behind the other. */
export async function readStretch(reader: WeightReader, ranges: readonly ByteRange[]): Promise<Uint8Array> {
  const [only] = ranges;
  if (only !== undefined && ranges.length === 1) return reader.read(only);
  const bytes = new Uint8Array(ranges.reduce((sum, range) => sum + range.byteLength, 0));
  let done = 0;
  for (const range of ranges) {
    bytes.set(await reader.read(range), done);
    done += range.byteLength;
  }
  return bytes;
}

/** Reads the bytes a tensor has in its files, a chunk at a time; chunks hold whole values even where files do not. */
export async function* readChunks(reader: WeightReader, ranges: readonly ByteRange[]): AsyncGenerator<Uint8Array> {
  let pending: ByteRange[] = [];
  let size = 0;
  for (const range of ranges) {
    for (let offset = 0; offset < range.byteLength; ) {
      const byteLength = Math.min(CHUNK_BYTES - size, range.byteLength - offset);
      pending.push({ file: range.file, byteOffset: range.byteOffset + offset, byteLength });
      size += byteLength;
      offset += byteLength;
      if (size < CHUNK_BYTES) continue;
      yield await readStretch(reader, pending);
      pending = [];
      size = 0;
    }
  }
  if (size > 0) yield await readStretch(reader, pending);
}

/** The bytes of some chunks with the places they go to: ranges that lie one behind the other in a stream. */
export async function* placeChunks(
  ranges: readonly ByteRange[],
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<{ readonly range: ByteRange; readonly bytes: Uint8Array }> {
  const left = [...ranges];
  for await (const chunk of chunks) {
    for (let done = 0; done < chunk.byteLength; ) {
      const [{ file, byteOffset, byteLength: room }] = left as [ByteRange];
      const byteLength = Math.min(room, chunk.byteLength - done);
      yield { range: { file, byteOffset, byteLength }, bytes: chunk.subarray(done, done + byteLength) };
      done += byteLength;
      if (byteLength === room) left.shift();
      else left[0] = { file, byteOffset: byteOffset + byteLength, byteLength: room - byteLength };
    }
  }
}
