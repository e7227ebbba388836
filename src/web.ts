import { RetrofitError } from './errors.js';
import { convertModel } from './formats/convert-model.js';
import { findModel } from './formats/find-model.js';
import { CONFIG_MEMBER } from './formats/keras/archive-members.js';
import { MODEL_FILE, readFrom } from './formats/known-formats.js';
import { type OutputRequest, outputPlace } from './formats/output-place.js';
import { type WriteOptions, writeTo } from './formats/write-to.js';
import type { Model } from './model/model.js';
import { type Content, type Files, memoryStorage } from './storage/memory.js';

// The library where there is no file system: nothing here, or below, needs Node.

export { type ErrorKind, type ErrorPlace, RetrofitError } from './errors.js';
export type { WriteOptions } from './formats/write-to.js';
export { type Inspection, inspect } from './inspect.js';
export type { Model, Warning } from './model/model.js';
export type { Plan, PlannedStage, Site, Skipped } from './plan/plan.js';
export { planRetrofit } from './plan/plan-retrofit.js';
export { planWithWeights } from './plan-with-weights.js';
export { errorLine } from './report/error-line.js';
export { skippedLines, stageTable, totalsLine, warningLine } from './report/summary.js';
export type { Table } from './report/table.js';
export type { Content, Files } from './storage/memory.js';
export { zipFiles } from './storage/zip/zip-files.js';
export { RETROFIT_DEFAULTS, type RetrofitOptions, retrofit } from './transforms/retrofit.js';
export { strip } from './transforms/strip.js';

/** What may be said of files that are to be read. */
export interface ReadOptions {
  /** The path of the weights of an architecture's JSON: an HDF5 file, or a checkpoint. Found where it is the only one. */
  readonly weights?: string;
}

/**
 * Reads a model from files in memory, as they were dropped or fetched: a TensorFlow.js folder, a `.keras` or `.h5` file, a
 * SavedModel folder, or an architecture's JSON with its weights. Weights are read when they are needed; in a web worker
 * they stay where the browser keeps them, on a page whole HDF5 files are read into memory meanwhile.
 * @param files by their paths, whatever other files lie with the model's
 * @throws RetrofitError `several-models`, `not-a-model`, and with a code, a place and a hint for all that is no usable model
 * @example const model = await readModel([...input.files].map((file) => [file.webkitRelativePath || file.name, file]));
 */
export async function readModel(files: Files, options: ReadOptions = {}): Promise<Model> {
  const storage = memoryStorage(files);
  const paths = [...storage.files.keys()];
  const path = findModel(paths);
  try {
    return await readFrom(storage, path, options);
  } catch (error) {
    const [weights, second] = paths.filter((other) => MAY_BE_WEIGHTS.test(other));
    if (!isWithoutWeights(error) || weights === undefined || second !== undefined) throw error;
    return readFrom(storage, path, { weights });
  }
}

const isWithoutWeights = (error: unknown): boolean => error instanceof RetrofitError && error.code === 'no-weights';

const MAY_BE_WEIGHTS = /\.(h5|hdf5|index|weights\.json)$/i;

export interface WriteModelOptions extends Omit<WriteOptions, 'force'>, OutputRequest {}

/**
 * Writes a model, with the bytes that the command line writes: in its own format (a SavedModel as `.h5`), or in the one
 * that the name of the `output` or `to` and `dialect` say.
 * @returns the files by their names, the model's first. Weights that did not change are parts of the files that were read.
 * @throws RetrofitError `overflow`, `cannot-convert`, `input-changed`, `bad-option`
 * @example const files = await writeModel(retrofit(model, { ratio: 16 }), { to: 'tfjs' });
 */
export async function writeModel(model: Model, options: WriteModelOptions = {}): Promise<ReadonlyMap<string, Content>> {
  const { output, to, dialect, ...writing } = options;
  const memory = memoryStorage();
  // Where it is written is none of the places that were read.
  const storage = { ...memory, canonical: async (path: string) => `output:${memory.absolute(path)}` };
  const isInFolder = [MODEL_FILE, CONFIG_MEMBER].includes(storage.nameOf(model.path));
  const path = storage.join(UNNAMED, isInFolder ? storage.folderOf(model.path) : model.path);
  const request = { output, to, dialect };
  const place = outputPlace(storage, { path, isFolder: isInFolder, format: model.format }, request, '');
  const { files } = await writeTo(storage, convertModel(model, place.format), place, writing);
  return new Map(files.map((name) => [storage.join('.', name), storage.files.get(storage.join(place.folder, name))!]));
}

/** What an output is called where the input lay in no folder that has a name. */
const UNNAMED = 'model';
