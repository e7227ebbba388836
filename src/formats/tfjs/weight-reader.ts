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
