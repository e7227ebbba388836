import { readFrom } from './formats/known-formats.js';
import { outputPlace } from './formats/output-place.js';
import { type WriteOptions, type WriteResult, writeTo } from './formats/write-to.js';
import type { Model } from './model/model.js';
import { nodeStorage } from './storage/node/node-storage.js';
import type { Storage } from './storage/storage.js';

export { type ErrorKind, type ErrorPlace, RetrofitError } from './errors.js';
export type { Blocker, LoaderVerdict } from './formats/loaders.js';
export type { WriteOptions, WriteResult } from './formats/write-to.js';
export { type Inspection, inspect } from './inspect.js';
export type { Format, Graph, Layer, Model, RetrofitRecord, Warning } from './model/model.js';
export type { Doubling, ExactBy, Plan, PlannedStage, Site, Skipped } from './plan/plan.js';
export { planRetrofit } from './plan/plan-retrofit.js';
export { addReportSchema, errorReportSchema, inspectReportSchema } from './report/report-schemas.js';
export { RETROFIT_DEFAULTS, type RetrofitOptions, retrofit } from './transforms/retrofit.js';

export interface ReadOptions {
  /** Where files are; the machine's file system by default. */
  readonly storage?: Storage;
  /** Admit weight files that are links. */
  readonly allowLinks?: boolean;
}

/**
 * Reads a saved model: a TensorFlow.js `model.json`, or the folder that holds it. Weights stay on disk.
 * @throws RetrofitError with a code, a place and a hint, for everything that is not a usable model
 * @example const model = await readModel('mobilenet/model.json');
 */
export function readModel(path: string, options: ReadOptions = {}): Promise<Model> {
  return readFrom(options.storage ?? nodeStorage, path, { allowLinks: options.allowLinks ?? false });
}

/**
 * Writes a model that was read and changed: a folder with a model.json and weight files, which appears whole or not.
 * @param path the new folder, or the model.json in it
 * @throws RetrofitError `output-exists` unless `force` is set, `output-is-input`, `cannot-write`
 * @example await writeModel(retrofit(model, { ratio: 16 }), 'mobilenet-se');
 */
export function writeModel(
  model: Model,
  path: string,
  options: WriteOptions & { readonly storage?: Storage } = {},
): Promise<WriteResult> {
  const storage = options.storage ?? nodeStorage;
  return writeTo(storage, model, outputPlace(storage, { path: model.path, isFolder: false }, path), options);
}
