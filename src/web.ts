import { inputError, usageError } from './errors.js';
import { convertModel } from './formats/convert-model.js';
import { readFrom } from './formats/known-formats.js';
import { outputPlace } from './formats/output-place.js';
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

/**
 * Reads a TensorFlow.js layers model from files in memory, as they were dropped or fetched. Weights are read when they
 * are needed.
 * @param files by their paths: `model.json` and the weight files that it names, whatever other files lie with them
 * @throws RetrofitError `needs-files` for a Keras file: only TensorFlow.js models are read without a file system
 * @example const model = await readModel([...input.files].map((file) => [file.webkitRelativePath || file.name, file]));
 */
export async function readModel(files: Files): Promise<Model> {
  const storage = memoryStorage(files);
  return readFrom(storage, modelAmong([...storage.files.keys()]), {});
}

/**
 * Writes a model as a TensorFlow.js model, with the bytes that the command line writes.
 * @returns the files by their names, `model.json` first. Weights that did not change are parts of the files that were read.
 * @throws RetrofitError `overflow`, `cannot-convert`, `input-changed`
 * @example const files = await writeModel(retrofit(model, { ratio: 16 }));
 */
export async function writeModel(
  model: Model,
  options: Omit<WriteOptions, 'force'> = {},
): Promise<ReadonlyMap<string, Content>> {
  const storage = memoryStorage();
  const place = outputPlace(storage, { path: model.path, isFolder: false, format: model.format }, { to: 'tfjs' });
  const { files } = await writeTo(storage, convertModel(model, place.format), place, options);
  return new Map(files.map((name) => [storage.join('.', name), storage.files.get(storage.join(place.folder, name))!]));
}

/** The file that is the model: the outermost model.json, or the only file that may be one. */
function modelAmong(paths: readonly string[]): string {
  const depth = (path: string): number => path.split('/').length;
  const named = paths.filter((path) => /(^|\/)model\.json$/.test(path));
  // The command line puts its output into the folder of the input.
  const outermost = named.filter((path) => depth(path) === Math.min(...named.map(depth)));
  const others = paths.length === 1 ? paths : paths.filter((path) => path.endsWith('.json'));
  const [only, second] = outermost.length > 0 ? outermost : others;
  if (only === undefined) {
    throw inputError('not-a-model', `there is no model.json among the files (${paths.length})`, {
      hint: 'give the model.json of a TensorFlow.js model together with its weight files',
    });
  }
  if (second === undefined) return only;
  throw usageError('several-models', `there are several models: ${only}, ${second}`, {
    hint: 'give the files of one model',
  });
}
