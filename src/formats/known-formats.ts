import { inputError, usageError } from '../errors.js';
import { getMember } from '../json/json-value.js';
import { HEAD_BYTES } from '../limits.js';
import type { Container, Model } from '../model/model.js';
import type { Storage } from '../storage/storage.js';
import type { FileContent } from './file-content.js';
import { isForeignZip, refuseForeignFile } from './foreign-files.js';
import { readBeginning, readJsonFile } from './read-json-file.js';
import type { ReadOptions } from './read-options.js';
import { tfjsSettings } from './tfjs/tfjs-source.js';

interface KnownFormat {
  readonly container: Container;
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
    read: async (storage, content, options) =>
      (await import('./keras/read-keras-json.js')).readKerasJson(storage, content, options),
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

/**
 * Reads a saved model: a file, or a folder that holds a model.json. Weights stay where they are.
 * @throws RetrofitError saying what the file is, where it is not a model
 */
export async function readFrom(storage: Storage, path: string, options: ReadOptions): Promise<Model> {
  const content = await look(storage, await modelPath(storage, path));
  const format = KNOWN_FORMATS.find((known) => known.recognises(content));
  if (format === undefined) return refuseForeignFile(content);
  if (options.weights !== undefined && format.container !== 'keras-json') {
    throw usageError('weights-not-used', 'the model holds its own weights: no others can be given', {
      where: { file: content.file.path, field: 'weights' },
      hint: 'leave --weights out, or give the architecture as JSON',
    });
  }
  const model = await format.read(storage, content, options);
  return { ...model, asRead: { graph: model.graph, format: model.format, settings: tfjsSettings(model) } };
}

async function modelPath(storage: Storage, path: string): Promise<string> {
  if ((await storage.kindOf(path)) !== 'folder') return path;
  const inside = storage.join(path, MODEL_FILE);
  if ((await storage.kindOf(inside)) === 'file') return inside;
  if ((await storage.kindOf(storage.join(path, 'saved_model.pb'))) === 'file') {
    throw inputError('saved-model', 'this is a TensorFlow SavedModel: it holds operations, not layers', {
      where: { file: path },
      hint: 'in Keras, save the model itself: model.save("model.keras"), or convert it to a TensorFlow.js layers model',
    });
  }
  throw inputError('not-a-model', 'the folder holds no model.json', {
    where: { file: path },
    hint: 'give the folder or the file of a saved model',
  });
}

async function look(storage: Storage, path: string): Promise<FileContent> {
  const file = await storage.findFile(path);
  const head = await readBeginning(storage, file, Math.min(HEAD_BYTES, file.byteLength));
  const first = new TextDecoder().decode(head).trimStart()[0];
  return { file, head, json: first === '{' ? await readJsonFile(storage, file) : undefined };
}
