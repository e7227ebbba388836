import { convertModel } from './formats/convert-model.js';
import type { ReadOptions as FormatReadOptions } from './formats/find/file-content.js';
import { readFrom } from './formats/known-formats.js';
import { type OutputRequest, outputPlace } from './formats/output/output-place.js';
import { checkWriteOptions, type WriteOptions, type WriteResult, writeTo } from './formats/output/write-to.js';
import type { Model } from './model/model.js';
import { refuseUnknownOptions } from './nearest-names.js';
import { nodeStorage } from './storage/node/node-storage.js';
import type { Storage } from './storage/storage.js';

export { type ErrorKind, type ErrorPlace, RetrofitError } from './errors.js';
export type { WriteOptions, WriteResult } from './formats/output/write-to.js';
export type { Blocker } from './formats/verdict/class-blocker.js';
export type { LoaderVerdict } from './formats/verdict/loaders.js';
export { type Inspection, inspect } from './inspect.js';
export type { Format, Graph, Layer, Model, RetrofitRecord, Warning } from './model/model.js';
export { weightKey } from './model/weight-key.js';
export type { Doubling, ExactBy, Plan, PlannedStage, Site, Skipped } from './plan/plan.js';
export { type BakedModule, type BakePlan, planBake } from './plan/plan-bake.js';
export { planRetrofit } from './plan/plan-retrofit.js';
export { planStrip, type StripPlan } from './plan/plan-strip.js';
export type { RetrofittedModule } from './plan/retrofitted-modules.js';
export { networkSvg } from './report/figures/network-map.js';
export {
  addReportSchema,
  addSeveralReportSchema,
  backendsReportSchema,
  bakeReportSchema,
  convertReportSchema,
  errorReportSchema,
  exciteReportSchema,
  inspectReportSchema,
  stripReportSchema,
  verifyReportSchema,
} from './report/report-schemas.js';
export { tuneReportSchema } from './report/tune-schema.js';
export { listTrained } from './se/trained-modules.js';
export { bake, type MeanGates } from './transforms/bake.js';
export { type HeadOptions, replaceHead } from './transforms/replace-head.js';
export { type NewValues, replaceWeights } from './transforms/replace-weights.js';
export { RETROFIT_DEFAULTS, type RetrofitOptions, retrofit } from './transforms/retrofit.js';
export { strip } from './transforms/strip.js';

export interface ReadOptions extends FormatReadOptions {
  /** Where files are; the machine's file system by default. */
  readonly storage?: Storage;
}

/**
 * Reads a saved model: a TensorFlow.js `model.json` or the folder that holds it, a Keras `.h5` or `.keras` file, or an
 * architecture's JSON with its weights. Weights stay on disk.
 * @throws RetrofitError with a code, a place and a hint, for everything that is not a usable model
 * @example const model = await readModel('mobilenet/model.json');
 */
export async function readModel(path: string, { storage = nodeStorage, ...options }: ReadOptions = {}): Promise<Model> {
  refuseUnknownOptions(options, READ_OPTIONS);
  return readFrom(storage, path, options);
}

const READ_OPTIONS: Readonly<Record<keyof FormatReadOptions, true>> = { weights: true, allowLinks: true };

export interface WriteModelOptions extends WriteOptions, Pick<OutputRequest, 'to' | 'dialect'> {
  readonly storage?: Storage;
}

/**
 * Writes a model: in its own format, or in the one that the name of the output or `to` and `dialect` say. The output
 * appears whole or not at all.
 * @param path the new file, or the new folder of a TensorFlow.js model
 * @throws RetrofitError `output-exists` unless `force` is set, `output-is-input`, `cannot-write`, `cannot-convert`, `bad-option`
 * @example
 * const model = await readModel('mobilenet/model.json');
 * await writeModel(retrofit(model, { ratio: 16 }), 'mobilenet-se.keras');
 */
export function writeModel(model: Model, path: string, options: WriteModelOptions = {}): Promise<WriteResult> {
  const { storage = nodeStorage, to, dialect, ...writing } = options;
  const input = { path: model.path, isFolder: false, format: model.format };
  const place = outputPlace(storage, input, { output: path, to, dialect });
  checkWriteOptions(writing, place.format.container);
  return writeTo(storage, convertModel(model, place.format), place, writing);
}
