import { inputError } from '../../errors.js';
import type { Hdf5Dataset, Hdf5Entry, Hdf5File } from '../../storage/hdf5.js';
import { listDatasets } from './keras-2-12-groups.js';

/** Files that hold a layer's variables, by the path of their group: Keras 3 writes this map beside sharded weights. */
export interface ShardMap {
  readonly files: ReadonlyMap<string, readonly string[]>;
  /** Bytes of all values; undefined where the map does not say it. */
  readonly totalBytes: number | undefined;
}

/**
 * The shards of a `.weights.h5` as the one file that they would be.
 * Source: `ShardedH5IOStore` in keras/src/saving/saving_lib.py.
 * @param shards all files that the map names, by their names
 * @throws RetrofitError `weights-mismatch`, `weights-size` where they are not those that the map was written for
 */
export function joinShards(shards: ReadonlyMap<string, Hdf5File>, map: ShardMap): Hdf5File {
  const owners = findOwners(shards, map);
  const files = [...shards.values()];
  /** The first shard that knows an answer: each group that Keras splits has its attributes in one of them. */
  const ask = <T>(path: string, answer: (file: Hdf5File) => T | undefined): T | undefined => {
    for (const file of files) {
      const found = file.has(path) ? answer(file) : undefined;
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return {
    has: (path) => files.some((file) => file.has(path)),
    list: (group) => {
      const entries = new Map<string, Hdf5Entry>();
      for (const file of files)
        if (file.has(group)) for (const entry of file.list(group)) entries.set(entry.name, entry);
      return [...entries.values()].toSorted(({ name: one }, { name: other }) => (one < other ? -1 : 1));
    },
    // What no shard has is missed by the first.
    dataset: (path) => (owners.get(path) ?? files[0]!).dataset(path),
    listAttributes: (path) => [...new Set(files.flatMap((file) => (file.has(path) ? file.listAttributes(path) : [])))],
    readText: (path, name) => ask(path, (file) => file.readText(path, name)),
    readTexts: (path, name) => ask(path, (file) => file.readTexts(path, name)),
    textKind: (path, name) => ask(path, (file) => file.textKind(path, name)),
    chunks: (dataset) => owners.get(dataset.path)!.chunks(dataset),
  };
}

/** The shard of each dataset. */
function findOwners(shards: ReadonlyMap<string, Hdf5File>, map: ShardMap): ReadonlyMap<string, Hdf5File> {
  const owners = new Map<string, Hdf5File>();
  const unused = new Map([...map.files].map(([group, names]) => [group, new Set(names)]));
  let bits = 0;
  for (const [name, file] of shards) {
    for (const path of file.list('/').flatMap((entry) => datasetsOf(file, entry))) {
      const group = groupIn(map, path);
      if (group === undefined || !map.files.get(group)!.includes(name))
        throw mismatch(`"${name}" holds "${path}", which the list of the shards does not seek there`, path);
      if (owners.has(path)) throw mismatch(`two shards hold "${path}", "${name}" is one of them`, path);
      owners.set(path, file);
      unused.get(group)!.delete(name);
      bits += bitsOf(file.dataset(path));
    }
  }
  for (const [group, names] of unused)
    for (const name of names)
      throw mismatch(`the shard "${name}" lacks the group "${group}", which the map lists`, group);
  if (map.totalBytes === undefined || map.totalBytes === bits / 8) return owners;
  throw inputError('weights-size', `the shards hold ${bits / 8} bytes of values, and are to hold ${map.totalBytes}`, {
    where: { field: 'metadata.total_size' },
    hint: OTHER_SHARDS,
  });
}

const datasetsOf = (file: Hdf5File, { name, kind }: Hdf5Entry): readonly string[] =>
  kind === 'dataset' ? [`/${name}`] : listDatasets(file, `/${name}`);

/** The group of the map that a dataset stands in. */
function groupIn({ files }: ShardMap, path: string): string | undefined {
  let group = path;
  do group = group.slice(0, group.lastIndexOf('/'));
  while (group !== '' && !files.has(group));
  return files.has(group) ? group : undefined;
}

/** Keras counts a bool as one bit. Source: `DTYPE_TO_SIZE` in keras/src/utils/dtype_utils.py. */
const bitsOf = ({ dtype, byteLength }: Hdf5Dataset): number => (dtype === 'bool' ? byteLength : 8 * byteLength);

const OTHER_SHARDS = 'some shards are of other weights, or incomplete: copy or save all of them again';

const mismatch = (message: string, place: string) =>
  inputError('weights-mismatch', message, { where: { field: place }, hint: OTHER_SHARDS });
