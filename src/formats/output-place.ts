import { RetrofitError, usageError } from '../errors.js';
import { getMember, isArray, stringOf } from '../json/json-value.js';
import type { Model } from '../model/model.js';
import type { Storage } from '../storage/storage.js';
import { readJsonFile } from './read-json-file.js';

/** Where a TensorFlow.js model goes: a folder of its own, and the name of the JSON file in it. */
export interface OutputPlace {
  readonly folder: string;
  readonly modelName: string;
  /** What was asked for, as people are told. */
  readonly path: string;
}

const MODEL_FILE = 'model.json';
const OTHER_CONTAINERS = /\.(h5|hdf5|keras)$/i;

/**
 * The place an output option names; without one, `<stem>-se` beside the input.
 * @param input the path the model was asked for by: a file, or the folder that holds its model.json
 */
export function outputPlace(
  storage: Storage,
  input: { readonly path: string; readonly isFolder: boolean },
  output: string | undefined,
): OutputPlace {
  if (output === undefined) {
    // "." and "model/." have no name of their own.
    const path = input.isFolder ? storage.absolute(input.path) : input.path;
    const stem = input.isFolder ? storage.nameOf(path) : storage.nameOf(path).replace(/\.json$/i, '');
    return placeAt(storage, storage.join(storage.folderOf(path), `${stem}-se`), MODEL_FILE);
  }
  if (OTHER_CONTAINERS.test(output)) {
    throw usageError('unsupported-output', 'this version writes TensorFlow.js models only', {
      where: { file: output },
      hint: 'give the name of a folder: -o NAME',
    });
  }
  if (!/\.json$/i.test(output)) return placeAt(storage, output, MODEL_FILE);
  return placeAt(storage, storage.folderOf(output), storage.nameOf(output));
}

const placeAt = (storage: Storage, folder: string, modelName: string): OutputPlace => ({
  folder,
  modelName,
  path: storage.join(folder, modelName),
});

/**
 * Refuses an output that would harm something: the input, another file, a folder that holds more than a model.
 * @throws RetrofitError `output-is-input`, `output-exists`
 */
export async function checkOutput(storage: Storage, model: Model, place: OutputPlace, force: boolean): Promise<void> {
  const input = await storage.canonical(storage.folderOf(model.path));
  const output = await storage.canonical(place.folder);
  if (input === output || isWithin(input, output)) {
    throw usageError('output-is-input', 'the output is the folder of the input, or a folder around it', {
      where: { file: place.folder },
      hint: 'a TensorFlow.js model gets a folder of its own: give another name with -o',
    });
  }
  const kind = await storage.kindOf(place.folder);
  if (kind === undefined) return;
  if (!force) {
    throw usageError('output-exists', 'the output exists already', {
      where: { file: place.folder },
      hint: 'give another name with -o, or --force to replace it',
    });
  }
  if (kind !== 'folder') {
    throw usageError('output-exists', 'a file stands where the folder of the model would go', {
      where: { file: place.folder },
      hint: 'move it away, or give another name with -o',
    });
  }
  const foreign = await findForeignFile(storage, place).catch((error: unknown) => {
    if (!(error instanceof RetrofitError) || error.kind !== 'input') throw error;
    throw usageError('output-exists', `the output cannot be looked at: ${error.message}`, {
      where: { file: place.folder },
      hint: 'perhaps another run replaces it; try again, or give another name with -o',
    });
  });
  if (foreign === undefined) return;
  throw usageError('output-exists', `the folder holds "${foreign}", which is no part of a model`, {
    where: { file: place.folder },
    hint: '--force replaces a folder that holds nothing but a model: give another name with -o',
  });
}

const isWithin = (path: string, folder: string): boolean =>
  path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);

/** Something in a folder that the model in it does not list. */
async function findForeignFile(storage: Storage, { folder, modelName }: OutputPlace): Promise<string | undefined> {
  const names = await storage.list(folder);
  const listed = new Set([
    modelName,
    ...(names.includes(modelName) ? await listedFiles(storage, folder, modelName) : []),
  ]);
  return names.find(
    (name) => !listed.has(name) && !(name.endsWith('/') && [...listed].some((file) => file.startsWith(name))),
  );
}

async function listedFiles(storage: Storage, folder: string, modelName: string): Promise<readonly string[]> {
  const file = await storage.findInside(folder, modelName, {});
  const json = await readJsonFile(storage, file).catch(() => undefined);
  const manifest = json === undefined ? undefined : getMember(json.root, 'weightsManifest');
  if (!isArray(manifest))
    throw usageError('output-exists', 'the folder to replace holds no TensorFlow.js model', {
      where: { file: folder },
      hint: '--force replaces a folder that holds nothing but a model: give another name with -o',
    });
  return manifest.items.flatMap((item) => {
    const paths = getMember(item.value, 'paths');
    return isArray(paths) ? paths.items.map((path) => (stringOf(path.value) ?? '').replace(/^(\.\/)+/, '')) : [];
  });
}
