import { CONFIG_FILE, METADATA_FILE } from '../../containers.js';
import { inputError } from '../../errors.js';
import { CHUNK_BYTES, MAX_ZIP_MEMBERS } from '../../limits.js';
import type { FindOptions, FoundFile, Storage, ZipArchive, ZipMember } from '../../storage/storage.js';
import { readBeginning } from '../find/read-json-file.js';
import { ASSETS_MEMBER, WEIGHTS_MEMBER } from './archive-members.js';

/** Sharded weights: KerasHub keeps large models so. */
const SHARDS_FILE = 'model.weights.json';
/** Another way in which Keras keeps weights: it is found, and refused by name. */
const OTHER_WEIGHTS = 'model.weights.npz';

/**
 * Opens a folder as the archive that it would be: the files that Keras looks for in it, and no others.
 * @throws RetrofitError `unsafe-path` for a link or a file elsewhere, `not-a-file` for pipes and devices
 */
export async function openFolder(
  storage: Storage,
  folder: string,
  config: FoundFile,
  options: FindOptions,
): Promise<{
  readonly archive: ZipArchive;
  readonly files: readonly FoundFile[];
  /** The list of the weights' shards, where they are not in one file. */
  readonly shardMap: FoundFile | undefined;
}> {
  const files = new Map<string, FoundFile>();
  const isThere = async (name: string) => (await storage.kindOf(storage.join(folder, name))) !== undefined;
  const find = async (name: string) => files.set(name, await storage.findInside(folder, name, options));
  // In the order of an archive.
  if (await isThere(METADATA_FILE)) await find(METADATA_FILE);
  files.set(CONFIG_FILE, config);
  const weights = await firstThere([WEIGHTS_MEMBER, SHARDS_FILE, OTHER_WEIGHTS]);
  const shardMap = weights === SHARDS_FILE ? await storage.findInside(folder, weights, options) : undefined;
  if (weights !== undefined && shardMap === undefined) await find(weights);
  for (const name of await listAssets(storage, folder)) await find(name);
  const archive: ZipArchive = {
    members: [...files].map(([name, file]) => ({ name, byteLength: file.byteLength, stored: file })),
    read: (member, most) => readWhole(storage, member, files.get(member.name)!, most),
    chunks: (member) => chunksOf(storage, files.get(member.name)!),
  };
  return { archive, files: [...files.values(), ...(shardMap === undefined ? [] : [shardMap])], shardMap };

  async function firstThere(names: readonly string[]): Promise<string | undefined> {
    for (const name of names) if (await isThere(name)) return name;
    return undefined;
  }
}

async function listAssets(storage: Storage, folder: string): Promise<readonly string[]> {
  const assets = storage.join(folder, ASSETS_MEMBER);
  if ((await storage.kindOf(assets)) !== 'folder') return [];
  const names = (await storage.list(assets)).filter((name) => !name.endsWith('/'));
  if (names.length > MAX_ZIP_MEMBERS)
    throw inputError('not-a-model', `the folder holds ${names.length} assets, more than any model has`, {
      where: { field: ASSETS_MEMBER },
      hint: 'give the folder that Keras saved, with nothing else in it',
    });
  return names.map((name) => `${ASSETS_MEMBER}/${name}`);
}

async function readWhole(storage: Storage, { name }: ZipMember, file: FoundFile, most: number): Promise<Uint8Array> {
  if (file.byteLength <= most) return readBeginning(storage, file, file.byteLength);
  throw inputError('bad-json', `the file has ${file.byteLength} bytes; the limit is ${most}`, {
    where: { field: name },
    hint: 'the architecture of a model is smaller; its weights belong into files of their own',
  });
}

async function* chunksOf(storage: Storage, file: FoundFile): AsyncGenerator<Uint8Array> {
  const opened = await storage.open(file);
  try {
    for (let done = 0; done < file.byteLength; done += CHUNK_BYTES)
      yield await opened.read(done, Math.min(CHUNK_BYTES, file.byteLength - done));
  } finally {
    await opened.close();
  }
}
