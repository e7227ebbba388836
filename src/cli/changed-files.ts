import type { WriteResult } from '../formats/output/write-to.js';
import { CHUNK_BYTES } from '../limits.js';
import type { Model } from '../model/model.js';
import type { ChangedFile } from '../report/tune-report.js';
import { nodeStorage } from '../storage/node/node-storage.js';

/** Lists the weights files of an output that differ, byte for byte, from all files of the model it was made from. */
export async function listChangedFiles({ files }: Model, output: WriteResult): Promise<readonly ChangedFile[]> {
  const folder = nodeStorage.join(output.path, '..');
  const changed: ChangedFile[] = [];
  for (const name of output.files) {
    if (name.endsWith('.json')) continue;
    const twins = files.filter(({ path }) => nodeStorage.nameOf(path) === nodeStorage.nameOf(name));
    const path = nodeStorage.join(folder, name);
    const same = await Promise.all(twins.map((twin) => isSame(twin.path, path)));
    if (!same.includes(true)) changed.push({ name, bytes: (await nodeStorage.findFile(path)).byteLength });
  }
  return changed;
}

async function isSame(one: string, other: string): Promise<boolean> {
  const found = [await nodeStorage.findFile(one), await nodeStorage.findFile(other)] as const;
  const [{ byteLength }] = found;
  if (byteLength !== found[1].byteLength) return false;
  const files = [await nodeStorage.open(found[0]), await nodeStorage.open(found[1])] as const;
  try {
    for (let start = 0; start < byteLength; start += CHUNK_BYTES) {
      const length = Math.min(CHUNK_BYTES, byteLength - start);
      // Copied: both may be read into one buffer.
      const left = Buffer.from(await files[0].read(start, length));
      if (!left.equals(await files[1].read(start, length))) return false;
    }
    return true;
  } finally {
    for (const file of files) await file.close();
  }
}
