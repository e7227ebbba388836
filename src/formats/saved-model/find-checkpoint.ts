import { GRAPH_FILE, LAYERS_FILE } from '../../containers.js';
import { inputError } from '../../errors.js';
import { isWithin } from '../../storage/is-within.js';
import type { FindOptions, FoundFile, Storage } from '../../storage/storage.js';
import { standInAt } from '../find/foreign-files.js';
import { readBeginning } from '../find/read-json-file.js';
import {
  DATA_ENDING,
  INDEX_ENDING,
  LATEST_FILE,
  META_ENDING,
  VARIABLES_FOLDER,
  VARIABLES_PREFIX,
} from './file-names.js';
import { withoutVariables } from './refuse-saved-model.js';
import { isTableEnd } from './sstable.js';
import type { CheckpointPlace } from './tensor-bundle.js';

/** The text that names the latest checkpoint lists all that are kept besides: some hundred. */
const MAX_LATEST_BYTES = 2 ** 20;

interface CheckpointOptions extends FindOptions {
  /** The path was given as that of the weights: a folder is searched. */
  readonly isWeights?: true;
}

/**
 * Finds the checkpoint at a path: the beginning of its files' names, one of them, the folder whose `checkpoint` file
 * names the latest or that holds only one, that file, or the folder of a SavedModel; undefined where there is none.
 * @throws RetrofitError `weights-missing` where the latest is named and not there, or not named
 */
export async function findCheckpoint(
  storage: Storage,
  path: string,
  options: CheckpointOptions,
): Promise<CheckpointPlace | undefined> {
  const kind = await storage.kindOf(path);
  const isFile = async (name: string) => (await storage.kindOf(name)) === 'file';
  if (kind === 'folder') {
    if (await isFile(storage.join(path, LATEST_FILE))) return findLatest(storage, path, options);
    for (const folder of [path, storage.join(path, VARIABLES_FOLDER)])
      if (await isFile(storage.join(folder, `${VARIABLES_PREFIX}${INDEX_ENDING}`)))
        return { folder, prefix: VARIABLES_PREFIX };
    if (options.isWeights !== true) return undefined;
    const only = await findOnly(storage, path);
    if (only === undefined && (await isFile(storage.join(path, GRAPH_FILE)))) throw withoutVariables(path);
    return only;
  }
  const place = (name: string): CheckpointPlace => ({ folder: storage.folderOf(path), prefix: name });
  const name = storage.nameOf(path);
  if (kind === undefined) return (await isFile(`${path}${INDEX_ENDING}`)) ? place(name) : undefined;
  if (kind !== 'file') return undefined;
  if (options.isWeights === true) {
    if (name === GRAPH_FILE || name === LAYERS_FILE) return findCheckpoint(storage, storage.folderOf(path), options);
    // What TensorFlow 1 has besides: its graph.
    const beside = path.replace(META_ENDING, INDEX_ENDING);
    if (beside !== path && (await isFile(beside))) return place(name.replace(META_ENDING, ''));
    if (name === LATEST_FILE || name.endsWith(INDEX_ENDING)) await refuseStandIn(storage, await storage.findFile(path));
  }
  // The text itself, which names a file beside it.
  if (name === LATEST_FILE && LATEST.test(await readLatest(storage, await storage.findFile(path))))
    return findLatest(storage, storage.folderOf(path), options);
  if (DATA_ENDING.test(name)) return place(name.replace(DATA_ENDING, ''));
  if (name.endsWith(INDEX_ENDING) && (await endsAsTable(storage, await storage.findFile(path))))
    return place(name.slice(0, -INDEX_ENDING.length));
  return undefined;
}

async function refuseStandIn(storage: Storage, file: FoundFile): Promise<void> {
  const error = await standInAt(storage, file);
  if (error !== undefined) throw error;
}

async function endsAsTable(storage: Storage, file: FoundFile): Promise<boolean> {
  const opened = await storage.open(file);
  try {
    const start = Math.max(0, file.byteLength - 8);
    return isTableEnd(await opened.read(start, file.byteLength - start));
  } finally {
    await opened.close();
  }
}

/**
 * The checkpoint of a folder without the text, where it holds a single one.
 * @throws RetrofitError `weights-missing` where it holds several
 */
async function findOnly(storage: Storage, folder: string): Promise<CheckpointPlace | undefined> {
  const names = (await storage.list(folder)).filter((name) => name.endsWith(INDEX_ENDING) && !/[\\/]/.test(name));
  const prefixes: string[] = [];
  for (const name of names)
    if (await endsAsTable(storage, await storage.findFile(storage.join(folder, name))))
      prefixes.push(name.slice(0, -INDEX_ENDING.length));
  const [prefix, other] = prefixes;
  if (prefix === undefined || other === undefined) return prefix === undefined ? undefined : { folder, prefix };
  throw inputError(
    'weights-missing',
    `the folder holds ${prefixes.length} checkpoints and no text "${LATEST_FILE}" that names the latest`,
    {
      where: { file: folder },
      hint: `give the one that is meant: -w ${storage.join(folder, prefixes.sort().at(-1)!)}`,
    },
  );
}

const LATEST = /^\s*model_checkpoint_path:\s*"((?:[^"\\]|\\.)*)"/m;

const readLatest = async (storage: Storage, file: FoundFile): Promise<string> =>
  new TextDecoder().decode(await readBeginning(storage, file, Math.min(file.byteLength, MAX_LATEST_BYTES)));

/** Source: `CheckpointState` in tensorflow/python/training/checkpoint_state.proto, as a text. */
async function findLatest(storage: Storage, folder: string, options: FindOptions): Promise<CheckpointPlace> {
  const file = await storage.findInside(folder, LATEST_FILE, options);
  await refuseStandIn(storage, file);
  const written = LATEST.exec(await readLatest(storage, file))?.[1]
    ?.replace(/\\(.)/g, '$1')
    .replaceAll('\\', '/');
  const prefix = written?.split('/').at(-1);
  const isThere = async (place: string) =>
    (await storage.kindOf(storage.join(place, `${prefix}${INDEX_ENDING}`))) === 'file';
  if (written !== undefined && prefix) {
    const path = written.startsWith('/') ? written : storage.join(folder, written);
    const place = storage.folderOf(path);
    if (await isThere(place)) {
      if (!isWithin(await storage.canonical(place), await storage.canonical(folder))) throw elsewhere(file, path);
      return { folder: place, prefix, named: file };
    }
    // A path on the machine that wrote it, of which the name is left.
    if (await isThere(folder)) return { folder, prefix, named: file };
  }
  throw inputError(
    'weights-missing',
    prefix === undefined
      ? 'the text names no checkpoint'
      : `the checkpoint "${prefix}", which the text names, is not beside it`,
    { where: { file: file.path }, hint: 'give one that is there: -w PREFIX, the name of its files without .index' },
  );
}

const elsewhere = (text: FoundFile, path: string) =>
  inputError('weights-missing', `the text names a checkpoint in another folder: ${path}`, {
    where: { file: text.path },
    hint: `give that one if it is meant: -w ${path}`,
  });
