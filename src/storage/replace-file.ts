import type { Storage } from './storage.js';

/** Writes a file, in the place of one that is there; the new one is there as a whole, or what was there before is. */
export async function replaceFile(
  storage: Storage,
  folder: string,
  name: string,
  chunks: Iterable<Uint8Array>,
): Promise<void> {
  const pending = await storage.beginFiles(folder, [name], true);
  try {
    await pending.write(name, chunks);
    await pending.commit();
  } catch (error) {
    await pending.discard();
    throw error;
  }
}
