import { CONTAINERS, type Container, factsOfContainer, MODEL_FILE } from '../containers.js';
import { inputError, usageError } from '../errors.js';
import { HEAD_BYTES } from '../limits.js';
import type { Model } from '../model/model.js';
import type { FoundFile, Storage } from '../storage/storage.js';
import type { FileContent, ReadOptions } from './find/file-content.js';
import { refuseForeignFile } from './find/foreign-files.js';
import { readBeginning, readJsonFile } from './find/read-json-file.js';
import { READERS } from './readers.js';
import { refuseCheckpoint } from './saved-model/tensorflow-files.js';
import { tfjsSettings } from './tfjs/tfjs-source.js';

/**
 * Reads a saved model: a file, or a folder that holds a model.json, a SavedModel or an unzipped `.keras` archive. Weights
 * stay where they are.
 * @throws RetrofitError saying what the file is, where it is not a model
 */
export async function readFrom(storage: Storage, path: string, options: ReadOptions): Promise<Model> {
  const model = await readAt(storage, path, options);
  return { ...model, asRead: { graph: model.graph, format: model.format, settings: tfjsSettings(model) } };
}

async function readAt(storage: Storage, path: string, options: ReadOptions): Promise<Model> {
  const content = await look(storage, await findModelFile(storage, path, options));
  const container = CONTAINERS_READ.find((known) => READERS[known].recognises(content, storage));
  if (container === undefined) return refuseForeignFile(content);
  const { file } = content;
  if (factsOfContainer(container).weightsEnding === undefined || file.path !== path) refuseWeights(options, file.path);
  return READERS[container].read(storage, content, options);
}

const CONTAINERS_READ = Object.keys(READERS) as readonly Container[];
const FOLDER_FILES = CONTAINERS.flatMap((container) => factsOfContainer(container).folderFiles ?? []);

function refuseWeights({ weights }: ReadOptions, file: string): void {
  if (weights === undefined) return;
  throw usageError('weights-not-used', 'the model holds its own weights: no others can be given', {
    where: { file, field: 'weights' },
    hint: 'leave --weights out, or give the architecture as JSON',
  });
}

/** Finds the file that contains the model, or that says what its folder is: the one the user named, or one in the folder. */
async function findModelFile(storage: Storage, path: string, options: ReadOptions): Promise<FoundFile> {
  const isFolder = (await storage.kindOf(path)) === 'folder';
  if (isFolder) {
    for (const name of FOLDER_FILES) {
      const whole = storage.join(path, name);
      if ((await storage.kindOf(whole)) !== 'file') continue;
      return name === MODEL_FILE ? storage.findFile(whole) : storage.findInside(path, name, options);
    }
  }
  await refuseCheckpoint(storage, path);
  if (!isFolder) return storage.findFile(path);
  throw inputError(
    'not-a-model',
    'the folder holds no model.json, no saved_model.pb, and no config.json as Keras writes it',
    {
      where: { file: path },
      hint: 'give the folder or the file of a saved model',
    },
  );
}

async function look(storage: Storage, file: FoundFile): Promise<FileContent> {
  const head = await readBeginning(storage, file, Math.min(HEAD_BYTES, file.byteLength));
  const first = new TextDecoder().decode(head).trimStart()[0];
  return { file, head, json: first === '{' ? await readJsonFile(storage, file) : undefined };
}
