import type { Storage } from './storage.js';

/** Writes a file in place of an existing one; either the new or the old one is there, whole. */
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
