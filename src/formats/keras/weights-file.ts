import { inFile, inputError } from '../../errors.js';
import {
  getMember,
  isArray,
  isObject,
  type JsonDocument,
  type JsonValue,
  numberOf,
  stringOf,
} from '../../json/json-value.js';
import { MAX_SHARDS } from '../../limits.js';
import type { Hdf5File } from '../../storage/hdf5.js';
import type { FindOptions, FoundFile, Storage } from '../../storage/storage.js';
import { findWeightsPart } from '../find/find-weights-part.js';
import { readBeginning, readJsonFile } from '../find/read-json-file.js';
import { joinShards, type ShardMap } from '../weight-layouts/joined-shards.js';

/** The weights of a model in an HDF5 file, or in several that Keras 3 saved with `max_shard_size`. */
export interface WeightsFile {
  /** The file itself, or for several the JSON that lists their contents. */
  readonly file: FoundFile;
  readonly shards?: { readonly map: ShardMap; readonly files: ReadonlyMap<string, FoundFile> } | undefined;
}

/** All files that the weights lie in. */
export const listFiles = ({ file, shards }: WeightsFile): readonly FoundFile[] => [
  file,
  ...(shards?.files.values() ?? []),
];

/** Opens the weights for as long as `use` runs. See {@link Storage.withHdf5}. */
export function withWeightsFile<T>(
  storage: Storage,
  { file, shards }: WeightsFile,
  use: (opened: Hdf5File) => Promise<T>,
): Promise<T> {
  if (shards === undefined) return storage.withHdf5(file, use);
  const opened = new Map<string, Hdf5File>();
  const names = [...shards.files.keys()];
  const openFrom = (index: number): Promise<T> => {
    const name = names[index];
    if (name === undefined) return useJoined();
    return storage.withHdf5(shards.files.get(name)!, (shard) => {
      opened.set(name, shard);
      return openFrom(index + 1);
    });
  };
  const useJoined = async (): Promise<T> => {
    try {
      return await use(joinShards(opened, shards.map));
    } catch (error) {
      throw inFile(error, file.path);
    }
  };
  return openFrom(0);
}

/**
 * Opens a file of weights: a list of shards is JSON.
 * @throws RetrofitError `bad-json`, `bad-manifest`, `unsafe-path`, `weights-missing`
 */
export async function openWeightsFile(storage: Storage, file: FoundFile, options: FindOptions): Promise<WeightsFile> {
  const [first] = await readBeginning(storage, file, Math.min(1, file.byteLength));
  if (first !== '{'.charCodeAt(0)) return (await openAround(storage, file, options)) ?? { file };
  try {
    const map = readShardMap(await readJsonFile(storage, file));
    const folder = storage.folderOf(file.path);
    const files = new Map<string, FoundFile>();
    for (const name of new Set([...map.files.values()].flat()))
      files.set(name, await findShard(storage, folder, name, options));
    return { file, shards: { map, files } };
  } catch (error) {
    throw inFile(error, file.path);
  }
}

/** Opens all shards by one of them, if the list beside it names it. */
async function openAround(
  storage: Storage,
  { path }: FoundFile,
  options: FindOptions,
): Promise<WeightsFile | undefined> {
  const name = storage.nameOf(path);
  const stem = /^(.+)_\d{5}\.weights\.h5$/.exec(name)?.[1];
  const list = storage.join(storage.folderOf(path), `${stem}.weights.json`);
  if (stem === undefined || (await storage.kindOf(list)) !== 'file') return undefined;
  const found = await openWeightsFile(storage, await storage.findFile(list), options).catch((error) => {
    if (error?.code !== 'bad-manifest') throw error;
  });
  return found?.shards?.files.has(name) === true ? found : undefined;
}

function readShardMap({ root }: JsonDocument): ShardMap {
  const field = 'weight_map';
  const json = getMember(root, field);
  if (!isObject(json) || json.members.length === 0)
    throw badMap(
      'this JSON lists no weights, as model.save_weights("NAME.weights.json", max_shard_size=...) does',
      field,
    );
  const files = new Map(json.members.map(({ key, value }) => [key, readNames(value, `${field}["${key}"]`)]));
  const count = new Set([...files.values()].flat()).size;
  if (count > MAX_SHARDS)
    throw badMap(`it names ${count} files; ${MAX_SHARDS} are the most that are opened at once`, field);
  const total = getMember(getMember(root, 'metadata'), 'total_size');
  const totalBytes = total && numberOf(total);
  if (total !== undefined && totalBytes === undefined)
    throw badMap('the size of all weights is no number', 'metadata.total_size');
  return { files, totalBytes };
}

function readNames(json: JsonValue, field: string): readonly string[] {
  const values = isArray(json) ? json.items.map(({ value }) => value) : [json];
  return values.map((value) => {
    const name = stringOf(value);
    if (name === undefined || name === '') throw badMap('not the name of a file', field);
    // Keras takes no others: `with_name`.
    if (/[/\\\0]|^\.{1,2}$|^[A-Za-z]:/.test(name))
      throw inputError('unsafe-path', `"${name}" leads out of the folder of the weights`, {
        where: { field },
        hint: 'the shards lie beside their list: put them there and name them without a folder',
      });
    return name;
  });
}

const badMap = (message: string, field: string) =>
  inputError('bad-manifest', message, { where: { field }, hint: 'save the weights again in Keras' });

const findShard = (storage: Storage, folder: string, name: string, options: FindOptions): Promise<FoundFile> =>
  findWeightsPart(storage, folder, name, options, {
    named: `file "${name}" of the weights`,
    where: { file: storage.join(folder, name) },
    hint: 'sharded weights are several files: copy all of them into one folder',
  });
