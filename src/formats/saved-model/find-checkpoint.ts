import { inputError } from '../../errors.js';
import type { FindOptions, FoundFile, Storage } from '../../storage/storage.js';
import { decodeText, readBeginning } from '../read-json-file.js';
import { DATA_ENDING, INDEX_ENDING, LATEST_FILE, VARIABLES_FOLDER, VARIABLES_PREFIX } from './file-names.js';
import { isTableEnd } from './sstable.js';
import type { CheckpointPlace } from './tensor-bundle.js';

/** The text that names the latest checkpoint lists all that are kept besides: some hundred. */
const MAX_LATEST_BYTES = 2 ** 20;

/**
 * The checkpoint at a path: the beginning of its files' names, one of them, the folder whose `checkpoint` file names the
 * latest, or the folder of a SavedModel; undefined where there is none.
 * @throws RetrofitError `weights-missing` where the latest is named and not there
 */
export async function findCheckpoint(
  storage: Storage,
  path: string,
  options: FindOptions,
): Promise<CheckpointPlace | undefined> {
  const kind = await storage.kindOf(path);
  const isFile = async (name: string) => (await storage.kindOf(name)) === 'file';
  if (kind === 'folder') {
    if (await isFile(storage.join(path, LATEST_FILE))) return findLatest(storage, path, options);
    for (const folder of [path, storage.join(path, VARIABLES_FOLDER)])
      if (await isFile(storage.join(folder, `${VARIABLES_PREFIX}${INDEX_ENDING}`)))
        return { folder, prefix: VARIABLES_PREFIX };
    return undefined;
  }
  const place = (name: string): CheckpointPlace => ({ folder: storage.folderOf(path), prefix: name });
  const name = storage.nameOf(path);
  if (kind === undefined) return (await isFile(`${path}${INDEX_ENDING}`)) ? place(name) : undefined;
  if (kind !== 'file') return undefined;
  if (DATA_ENDING.test(name)) return place(name.replace(DATA_ENDING, ''));
  if (name.endsWith(INDEX_ENDING) && (await endsAsTable(storage, await storage.findFile(path))))
    return place(name.slice(0, -INDEX_ENDING.length));
  return undefined;
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

/** Source: `CheckpointState` in tensorflow/python/training/checkpoint_state.proto, as a text. */
async function findLatest(storage: Storage, folder: string, options: FindOptions): Promise<CheckpointPlace> {
  const file = await storage.findInside(folder, LATEST_FILE, options);
  const text = decodeText(await readBeginning(storage, file, Math.min(file.byteLength, MAX_LATEST_BYTES)));
  const written = /^\s*model_checkpoint_path:\s*"((?:[^"\\]|\\.)*)"/m.exec(text)?.[1];
  // A path on the machine that wrote it, of which the name is left: the files lie beside the text.
  const prefix =
    written === undefined ? undefined : storage.nameOf(written.replace(/\\(.)/g, '$1').replaceAll('\\', '/'));
  if (prefix !== undefined && (await storage.kindOf(storage.join(folder, `${prefix}${INDEX_ENDING}`))) === 'file')
    return { folder, prefix };
  throw inputError(
    'weights-missing',
    prefix === undefined
      ? 'the text names no checkpoint'
      : `the checkpoint "${prefix}", which the text names, is not beside it`,
    { where: { file: file.path }, hint: 'give one that is there: -w PREFIX, the name of its files without .index' },
  );
}
