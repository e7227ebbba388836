import { factsOfContainer, isFolder, MODEL_FILE } from '../../containers.js';
import { RetrofitError, usageError } from '../../errors.js';
import { getMember, isArray, stringOf } from '../../json/json-value.js';
import type { Model } from '../../model/model.js';
import { isWithin } from '../../storage/is-within.js';
import type { Storage } from '../../storage/storage.js';
import { readJsonFile } from '../find/read-json-file.js';
import { listOutputNames, type OutputPlace } from './output-place.js';

/**
 * Refuses an output that would harm something: the input, another file, a folder that holds more than a model.
 * @throws RetrofitError `output-is-input`, `output-exists`
 */
export async function checkOutput(storage: Storage, model: Model, place: OutputPlace, force: boolean): Promise<void> {
  await refuseInside(storage, model, place);
  if (isFolder(place.format.container)) await checkFolder(storage, model, place, force);
  else
    for (const name of listOutputNames(place)) await checkFile(storage, model, storage.join(place.folder, name), force);
}

/** Tells whether a place lies in the folder of a model that was read from one which nothing is put into. */
export async function isInSealedFolder(storage: Storage, place: string, { path, asRead }: Model): Promise<boolean> {
  if (asRead === undefined || !factsOfContainer(asRead.format.container).isSealedFolder) return false;
  return isWithin(await storage.canonical(place), await storage.canonical(storage.folderOf(path)));
}

async function refuseInside(storage: Storage, model: Model, place: OutputPlace): Promise<void> {
  if (!(await isInSealedFolder(storage, place.folder, model))) return;
  throw usageError('output-is-input', 'the output would lie in the folder of the input', {
    where: { file: place.path },
    hint: 'a SavedModel folder is never written: give a place outside of it with -o',
  });
}

async function checkFile(storage: Storage, model: Model, path: string, force: boolean): Promise<void> {
  const kind = await storage.kindOf(path);
  const output = await storage.canonical(path);
  const identity = kind === 'file' ? (await storage.findFile(path)).identity : undefined;
  for (const file of model.files) {
    if (file.identity !== identity && (await storage.canonical(file.path)) !== output) continue;
    throw usageError('output-is-input', 'the output is a file of the input', {
      where: { file: path },
      hint: 'the input is never written: give another name with -o',
    });
  }
  if (kind === undefined) return;
  if (kind !== 'file') {
    throw usageError('output-exists', 'a folder or a device stands where the file of the model would go', {
      where: { file: path },
      hint: 'move it away, or give another name with -o',
    });
  }
  if (!force) throw exists(path);
}

const exists = (path: string) =>
  usageError('output-exists', 'the output exists already', {
    where: { file: path },
    hint: 'give another name with -o, or --force to replace it',
  });

async function checkFolder(storage: Storage, model: Model, place: OutputPlace, force: boolean): Promise<void> {
  const input = await storage.canonical(storage.folderOf(model.path));
  const output = await storage.canonical(place.folder);
  if (isWithin(input, output)) {
    const isNamed = place.modelName !== MODEL_FILE;
    throw usageError('output-is-input', 'the output is the folder of the input, or a folder around it', {
      where: { file: place.path },
      hint: `${isNamed ? 'a name in .json is that of a TensorFlow.js model, which' : 'a TensorFlow.js model'} gets a folder of its own: give another name with -o${isNamed ? '; --to keras-json writes the architecture as Keras does, and its weights beside it' : ''}`,
    });
  }
  const kind = await storage.kindOf(place.folder);
  if (kind === undefined) return;
  if (!force) throw exists(place.folder);
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

/** Finds a file in a folder that the model in it does not list. */
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
