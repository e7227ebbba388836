import type { ByteRange } from '../../model/tensor.js';
import type { FoundFile, OpenFile, Storage } from '../../storage/storage.js';

/** Reads stretches of weight files, each file opened once. */
export interface WeightReader {
  read(range: ByteRange): Promise<Uint8Array<ArrayBuffer>>;
}

/** Opens weight files as they are asked for, for the time of some work. */
export async function withWeightReader<T>(
  storage: Storage,
  files: ReadonlyMap<string, FoundFile>,
  work: (reader: WeightReader) => Promise<T>,
): Promise<T> {
  const opened = new Map<string, OpenFile>();
  try {
    return await work({
      read: async ({ file, byteOffset, byteLength }) => {
        let open = opened.get(file);
        if (open === undefined) {
          open = await storage.open(files.get(file)!);
          opened.set(file, open);
        }
        return open.read(byteOffset, byteLength);
      },
    });
  } finally {
    for (const file of opened.values()) await file.close();
  }
}
