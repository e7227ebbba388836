import { inputError, usageError } from '../errors.js';
import { getMember } from '../json/json-value.js';
import { HEAD_BYTES } from '../limits.js';
import type { Model, WrittenContainer } from '../model/model.js';
import type { FoundFile, Storage } from '../storage/storage.js';
import type { FileContent } from './file-content.js';
import { isForeignZip, refuseForeignFile } from './foreign-files.js';
import { CONFIG_MEMBER, METADATA_MEMBER } from './keras/archive-members.js';
import { readBeginning, readJsonFile } from './read-json-file.js';
import type { ReadOptions } from './read-options.js';
import { findSavedModel, refuseCheckpoint } from './tensorflow-files.js';
import { tfjsSettings } from './tfjs/tfjs-source.js';

/** A format whose models are told by one file. */
interface KnownFormat {
  readonly container: WrittenContainer;
  readonly recognises: (content: FileContent) => boolean;
  readonly read: (storage: Storage, content: FileContent, options: ReadOptions) => Promise<Model>;
}

const HDF5_SIGNATURE = '\x89HDF\r\n\x1a\n';

const startsWith = ({ head }: FileContent, signature: string): boolean =>
  String.fromCharCode(...head.subarray(0, signature.length)) === signature;

const hasMember = ({ json }: FileContent, ...keys: readonly string[]): boolean =>
  json !== undefined && keys.some((key) => getMember(json.root, key) !== undefined);

/**
 * Every format that can be read. The first that recognises a file's content reads it; names decide nothing. What a
 * reader needs is imported when it reads.
 */
const KNOWN_FORMATS: readonly KnownFormat[] = Object.freeze([
  {
    container: 'tfjs',
    recognises: (content) => hasMember(content, 'modelTopology', 'weightsManifest', 'format'),
    read: async (storage, content, options) =>
      (await import('./tfjs/read-tfjs.js')).readTfjs(storage, content, options),
  },
  {
    container: 'keras-json',
    recognises: (content) => hasMember(content, 'class_name') && hasMember(content, 'config'),
    read: async (storage, content, options) => {
      if (options.weights === undefined && (await isUnzipped(storage, content)))
        return (await import('./keras/read-keras-zip.js')).readKerasFolder(storage, content.file, options);
      return (await import('./keras/read-keras-json.js')).readKerasJson(storage, content, options);
    },
  },
  {
    container: 'keras-h5',
    recognises: (content) => startsWith(content, HDF5_SIGNATURE),
    read: async (storage, content) => (await import('./keras/read-keras-h5.js')).readKerasH5(storage, content),
  },
  {
    container: 'keras-zip',
    recognises: (content) => startsWith(content, 'PK') && !isForeignZip(content),
    read: async (storage, content) => (await import('./keras/read-keras-zip.js')).readKerasZip(storage, content),
  },
] satisfies readonly KnownFormat[]);

const MODEL_FILE = 'model.json';

/** Whether an architecture stands in the folder of an unzipped `.keras` archive. */
async function isUnzipped(storage: Storage, { file }: FileContent): Promise<boolean> {
  if (storage.nameOf(file.path) !== CONFIG_MEMBER) return false;
  return (await storage.kindOf(storage.join(storage.folderOf(file.path), METADATA_MEMBER))) === 'file';
}

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
  const format = KNOWN_FORMATS.find((known) => known.recognises(content));
  if (format === undefined) return refuseForeignFile(content);
  const isFolder = file.path !== path;
  if (format.container !== 'keras-json' || isFolder) refuseWeights(options, file.path);
  return format.read(storage, content, options);
}

function refuseWeights({ weights }: ReadOptions, file: string): void {
  if (weights === undefined) return;
  throw usageError('weights-not-used', 'the model holds its own weights: no others can be given', {
    where: { file, field: 'weights' },
    hint: 'leave --weights out, or give the architecture as JSON',
  });
}

/** The file that says what the model is: the one that the user named, or one in the folder; of a SavedModel, the folder. */
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
