import type { FoundFile, Storage } from '../storage.js';
import { type Content, gather, sliceOf } from './content.js';
import { contentOf } from './memory-file.js';

/**
 * The files in an archive by their names: those that are stored stay where they lie in it, others are unpacked.
 * @throws RetrofitError `bad-zip`, `unsafe-path`
 */
export async function unzipFiles(storage: Storage, file: FoundFile): Promise<ReadonlyMap<string, Content>> {
  const archive = await storage.openZip(file);
  const files = new Map<string, Content>();
  for (const member of archive.members) {
    const { stored, name } = member;
    if (stored === undefined) files.set(name, await gather(archive.chunks(member)));
    else {
      // Read once, so that its checksum is compared.
      for await (const _ of archive.chunks(member));
      files.set(name, sliceOf(contentOf(stored), stored.byteOffset ?? 0, stored.byteLength));
    }
  }
  return files;
}
