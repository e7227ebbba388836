import { inputError } from '../errors.js';
import { CHUNK_BYTES, MAX_JSON_BYTES } from '../limits.js';
import type { FoundFile, Storage } from '../storage/storage.js';
import { findStandIn } from './foreign-files.js';
import { readBeginning } from './read-json-file.js';

// What TensorFlow itself saves, recognised and named: SavedModel folders and checkpoints.

const GRAPH_FILE = 'saved_model.pb';
/** The layers of a Keras model, since TensorFlow 2.5; before that they stand in the graph's file. */
const LAYERS_FILE = 'keras_metadata.pb';
const LATEST_FILE = 'checkpoint';

/** The last bytes of a checkpoint's `.index`, which is a table of LevelDB. */
const INDEX_END = '57fb808b247547db';

/**
 * Refuses what TensorFlow saved by what it is: a folder or a file of it, or the prefix of a checkpoint's files.
 * @throws RetrofitError `keras-saved-model`, `saved-model`, `checkpoint`
 */
export async function refuseTensorflowFile(storage: Storage, path: string): Promise<void> {
  const kind = await storage.kindOf(path);
  const folder = kind === 'folder' ? path : storage.folderOf(path);
  const isIn = async (name: string) => (await storage.kindOf(storage.join(folder, name))) === 'file';
  const isPartOfModel = kind === 'folder' || [GRAPH_FILE, LAYERS_FILE].includes(storage.nameOf(path));
  if (isPartOfModel && (await isIn(GRAPH_FILE))) {
    const file = await storage.findFile(storage.join(folder, GRAPH_FILE));
    const standIn = findStandIn(await readBeginning(storage, file, Math.min(64, file.byteLength)));
    if (standIn !== undefined)
      throw inputError('lfs-pointer', standIn.message, { where: { file: file.path }, hint: standIn.hint });
    throw savedModel(folder, (await isIn(LAYERS_FILE)) || (await holdsLayers(storage, file)));
  }
  if (await isCheckpoint(storage, path, kind)) throw checkpoint(path);
}

const savedModel = (file: string, isOfKeras: boolean) =>
  isOfKeras
    ? inputError(
        'keras-saved-model',
        'this is a Keras model as a TensorFlow SavedModel folder, which is not read yet',
        {
          where: { file },
          hint: 'load it with TensorFlow up to 2.15 or with tf-keras, and save it as one file: keras.models.load_model("FOLDER").save("model.h5")',
        },
      )
    : inputError(
        'saved-model',
        'this is a TensorFlow SavedModel without the layers of a Keras model: it holds operations',
        {
          where: { file },
          hint: 'start from the Keras model that it was exported from: model.save("model.keras")',
        },
      );

const checkpoint = (file: string) =>
  inputError('checkpoint', 'this is a TensorFlow checkpoint, the weights of a model alone, which is not read yet', {
    where: { file },
    hint: 'load it into the model in TensorFlow and save that: model.load_weights("PREFIX"), then model.save("model.h5")',
  });

async function isCheckpoint(
  storage: Storage,
  path: string,
  kind: Awaited<ReturnType<Storage['kindOf']>>,
): Promise<boolean> {
  if (kind === 'folder') return (await storage.kindOf(storage.join(path, LATEST_FILE))) === 'file';
  if (kind === undefined) return (await storage.kindOf(`${path}.index`)) === 'file';
  if (kind !== 'file') return false;
  if (/\.data-\d{5}-of-\d{5}$/.test(path)) return true;
  if (!path.endsWith('.index')) return false;
  const end = await readEnd(storage, await storage.findFile(path), INDEX_END.length / 2);
  return end === INDEX_END;
}

async function readEnd(storage: Storage, file: FoundFile, byteLength: number): Promise<string> {
  const opened = await storage.open(file);
  try {
    const start = Math.max(0, file.byteLength - byteLength);
    const bytes = await opened.read(start, file.byteLength - start);
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  } finally {
    await opened.close();
  }
}

/** Whether the graph's file says the layers of a Keras model, as TensorFlow 2.0 to 2.4 wrote it. */
async function holdsLayers(storage: Storage, file: FoundFile): Promise<boolean> {
  const opened = await storage.open(file);
  try {
    let tail = '';
    for (let done = 0; done < Math.min(file.byteLength, MAX_JSON_BYTES); done += CHUNK_BYTES) {
      const bytes = await opened.read(done, Math.min(CHUNK_BYTES, file.byteLength - done));
      const text = tail + new TextDecoder('latin1').decode(bytes);
      if (/"class_name": "(Model|Functional|Sequential)"/.test(text)) return true;
      tail = text.slice(-64);
    }
    return false;
  } finally {
    await opened.close();
  }
}
