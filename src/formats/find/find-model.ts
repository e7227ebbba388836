import { CONFIG_FILE, factsOfContainer, isNamedAs, METADATA_FILE, MODEL_FILE } from '../../containers.js';
import { inputError, usageError } from '../../errors.js';

const nameOf = (path: string): string => path.split('/').at(-1)!;
const folderOf = (path: string): string => path.split('/').slice(0, -1).join('/') || '.';

/** Returns the path of the model that a file implies: the file itself, or its folder. Undefined for other files. */
function modelAt(path: string, paths: readonly string[]): string | undefined {
  const name = nameOf(path);
  if (name === MODEL_FILE || isNamedAs(name, 'keras-zip')) return path;
  if (factsOfContainer('saved-model').folderFiles!.includes(name)) return folderOf(path);
  const isUnzipped = name === CONFIG_FILE && paths.some((other) => other === withName(path, METADATA_FILE));
  return isUnzipped ? path : undefined;
}

const withName = (path: string, name: string): string => [...path.split('/').slice(0, -1), name].join('/');

/** Files that macOS adds beside others, in archives and on foreign disks, under their names. */
const OF_MACOS = /(^|\/)(__MACOSX\/|\._)/;

/**
 * Finds the model among arbitrary files, by their names: the outermost file or folder that `modelAt` recognises; else
 * the only JSON, for HDF5 files beside it are its weights; else the only HDF5 file, or the only file.
 * @throws RetrofitError `not-a-model`, `several-models`
 */
export function findModel(given: readonly string[]): string {
  const paths = given.filter((path) => !OF_MACOS.test(path));
  const depthOf = (path: string): number => path.split('/').length;
  const marks = paths.filter((path) => modelAt(path, paths) !== undefined);
  // The command line puts its output into the folder of the input.
  const least = Math.min(...marks.map(depthOf));
  const kinds = [
    new Set(marks.filter((path) => depthOf(path) === least).map((path) => modelAt(path, paths)!)),
    paths.filter((path) => /(?<!\.weights)\.json$/i.test(path)),
    // A list of shards says itself that it is no model.
    paths.filter((path) => isNamedAs(path, 'keras-json')),
    paths.filter((path) => isNamedAs(path, 'keras-h5')),
    paths.length === 1 ? paths : [],
  ];
  const models = kinds.map((kind) => [...kind]).find((kind) => kind.length > 0) ?? [];
  const [only, second] = models;
  if (only === undefined) {
    throw inputError('not-a-model', `there is no model among the files (${paths.length})`, {
      hint: 'give a .keras or .h5 file, or a model.json or saved_model.pb together with the files that belong to it',
    });
  }
  if (second === undefined) return only;
  throw usageError(
    'several-models',
    `there are several models: ${only}, ${second}${models.length > 2 ? ` and ${models.length - 2} more` : ''}`,
    {
      facts: { models },
      hint: 'give the files of one model',
    },
  );
}
