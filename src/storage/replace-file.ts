import type { Storage } from './storage.js';

/** Writes a file, in the place of one that is there; the new one is there as a whole, or what was there before is. */
export async function replaceFile(
  storage: Storage,
  folder: string,
  name: string,
  chunks: Iterable<Uint8Array>,
): Promise<void> {
  const staged = await storage.stageFiles(folder, [name], true);
  try {
    await staged.write(name, chunks);
    await staged.commit();
  } catch (error) {
    await staged.discard();
    throw error;
  }
}
