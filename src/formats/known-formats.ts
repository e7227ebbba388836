import { inputError, usageError } from '../errors.js';
import { HEAD_BYTES } from '../limits.js';
import type { Model } from '../model/model.js';
import type { FoundFile, Storage } from '../storage/storage.js';
import { type FileContent, type ReadOptions, WRITTEN } from './containers.js';
import { refuseForeignFile } from './find/foreign-files.js';
import { readBeginning, readJsonFile } from './find/read-json-file.js';
import { findSavedModel, refuseCheckpoint } from './find/tensorflow-files.js';
import { CONFIG_MEMBER } from './keras/archive-members.js';
import { MODEL_FILE } from './output/output-place.js';
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
  const file = await findModelFile(storage, path, options);
  if (typeof file === 'string') {
    refuseWeights(options, file);
    return (await import('./saved-model/read-saved-model.js')).readSavedModel(storage, file, options);
  }
  const content = await look(storage, file);
  const format = Object.values(WRITTEN).find((known) => known.recognises(content));
  if (format === undefined) return refuseForeignFile(content);
  const isFolder = file.path !== path;
  if (!format.hasWeightsBeside || isFolder) refuseWeights(options, file.path);
  return format.read(storage, content, options);
}

function refuseWeights({ weights }: ReadOptions, file: string): void {
  if (weights === undefined) return;
  throw usageError('weights-not-used', 'the model holds its own weights: no others can be given', {
    where: { file, field: 'weights' },
    hint: 'leave --weights out, or give the architecture as JSON',
  });
}

/**
 * Finds the file that contains the model: the one the user named, or one in the folder; for a SavedModel, the folder.
 */
async function findModelFile(storage: Storage, path: string, options: ReadOptions): Promise<FoundFile | string> {
  if ((await storage.kindOf(path)) === 'folder') {
    const inside = (name: string) => storage.join(path, name);
    if ((await storage.kindOf(inside(MODEL_FILE))) === 'file') return storage.findFile(inside(MODEL_FILE));
    if ((await storage.kindOf(inside(CONFIG_MEMBER))) === 'file')
      return storage.findInside(path, CONFIG_MEMBER, options);
  }
  const savedModel = await findSavedModel(storage, path);
  if (savedModel !== undefined) return savedModel;
  await refuseCheckpoint(storage, path);
  if ((await storage.kindOf(path)) !== 'folder') return storage.findFile(path);
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
