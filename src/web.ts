import { CONFIG_FILE, isNamedAs, MODEL_FILE } from './containers.js';
import { inputError, RetrofitError } from './errors.js';
import { forTodaysKeras } from './formats/conversion-warnings.js';
import { convertModel as toFormat } from './formats/convert-model.js';
import { findModel } from './formats/find/find-model.js';
import { isForeignZip } from './formats/find/foreign-files.js';
import { readBeginning } from './formats/find/read-json-file.js';
import { readFrom } from './formats/known-formats.js';
import { type OutputPlace, type OutputRequest, outputPlace } from './formats/output/output-place.js';
import { checkWriteOptions, type WriteOptions, writeTo } from './formats/output/write-to.js';
import { HEAD_BYTES } from './limits.js';
import type { Model, Warning } from './model/model.js';
import { refuseUnknownOptions } from './nearest-names.js';
import { unzipFiles } from './storage/memory/unzip-files.js';
import { type Files, type MemoryStorage, memoryStorage } from './storage/memory.js';

// The library where there is no file system: nothing here, or below, needs Node.

export { type ContainerFacts, factsOfContainer } from './containers.js';
export { type ErrorFacts, type ErrorKind, type ErrorPlace, RetrofitError } from './errors.js';
export type { OutputRequest } from './formats/output/output-place.js';
export type { WriteOptions } from './formats/output/write-to.js';
export { type Inspection, inspect } from './inspect.js';
export { countLayers, type Model, type Warning } from './model/model.js';
export type { Plan, PlannedStage, Site, Skipped } from './plan/plan.js';
export { planRetrofit } from './plan/plan-retrofit.js';
export { listChanging, planStrip, type StripPlan } from './plan/plan-strip.js';
export { planWithWeights } from './plan-with-weights.js';
export { errorLine, errorSentence } from './report/error-line.js';
export { networkDrawing } from './report/figures/network-map.js';
export { siteTable, skippedLines, stageTable, totalsLine, warningLine } from './report/summary.js';
export type { Table } from './report/table.js';
export { listTrained } from './se/trained-modules.js';
export { zipFiles } from './storage/memory/zip-files.js';
export type { Content, Files } from './storage/memory.js';
export { RETROFIT_DEFAULTS, type RetrofitOptions, retrofit } from './transforms/retrofit.js';
export { strip } from './transforms/strip.js';

/** Options for reading a model. */
export interface ReadOptions {
  /** The path of the weights of an architecture's JSON: an HDF5 file, or a checkpoint. Found where it is the only one. */
  readonly weights?: string;
}

/**
 * Reads a model from files in memory, as they were dropped or fetched: a TensorFlow.js folder, a `.keras` or `.h5`
 * file, a SavedModel folder, or an architecture's JSON with its weights; or one zip archive with any of these in it.
 * Weights are read when they are needed; in a web worker they stay where the browser keeps them, on a page whole HDF5
 * files are read into memory meanwhile.
 * @param files by their paths; they may include files that do not belong to the model. Of several models the outermost is
 * read, and of those in one place one in a file or folder of its own (`.keras`, `model.json`, `saved_model.pb`) before others
 * @throws RetrofitError `several-models` where that leaves more than one, `not-a-model`, and with a code, a place and a hint
 * for any other input that is no usable model
 * @example const model = await readModel([...input.files].map((file) => [file.webkitRelativePath || file.name, file]));
 */
export async function readModel(files: Files, options: ReadOptions = {}): Promise<Model> {
  refuseUnknownOptions(options, { weights: true });
  const storage = await unpacked(memoryStorage(files));
  const paths = [...storage.files.keys()];
  const path = findModel(paths);
  try {
    return await readFrom(storage, path, options);
  } catch (error) {
    const [weights, second] = paths.filter(mayBeWeights);
    if (!isWithoutWeights(error) || weights === undefined || second !== undefined) throw error;
    return readFrom(storage, path, { weights });
  }
}

/**
 * Takes the files out of a zip archive, if there is nothing but one: those that `readModel` finds the model among.
 * @throws RetrofitError `bad-zip`, `unsafe-path`
 * @example const names = [...(await unpackFiles(files))].map(([path]) => path);
 */
export const unpackFiles = async (files: Files): Promise<Files> => [...(await unpacked(memoryStorage(files))).files];

const isWithoutWeights = (error: unknown): boolean => error instanceof RetrofitError && error.code === 'no-weights';

const mayBeWeights = (path: string): boolean => isNamedAs(path, 'keras-h5') || /\.(index|weights\.json)$/i.test(path);

/** Unpacks the only file, where that is an archive of files: `.keras` files are archives too, and PyTorch's. */
async function unpacked(storage: MemoryStorage): Promise<MemoryStorage> {
  const [path, second] = storage.files.keys();
  if (path === undefined || second !== undefined || isNamedAs(path, 'keras-zip')) return storage;
  const file = await storage.findFile(path);
  const head = await readBeginning(storage, file, Math.min(HEAD_BYTES, file.byteLength));
  if (!String.fromCharCode(...head).startsWith('PK') || isForeignZip({ head })) return storage;
  const inside = await unzipFiles(storage, file);
  if (inside.has(CONFIG_FILE)) return storage;
  if (inside.size === 0)
    throw inputError('not-a-model', 'the archive is empty', {
      where: { file: path },
      hint: 'give a .keras or .h5 file, or an archive with the files of a model',
    });
  // Files that lie in no folder get the name of the archive.
  const folder = path.replace(/(\.zip)?$/i, '');
  return memoryStorage([...inside].map(([name, content]) => [storage.join(folder, name), content]));
}

/**
 * Converts a model to another format, as `convert` on the command line does: for today's Keras, whichever saved it.
 * `writeModel` converts too; convert first to inspect the result, or to plan for it.
 * @throws RetrofitError `cannot-convert`, naming the layer that the format cannot hold; `bad-option`
 * @example const plan = planRetrofit(convertModel(model, { to: 'keras-zip', dialect: 'keras3' }));
 */
export function convertModel(model: Model, request: OutputRequest): Model {
  refuseUnknownOptions(request, { output: true, folder: true, to: true, dialect: true });
  const { format } = placeOf(memoryStorage(), model, request);
  return toFormat(forTodaysKeras(model, format.dialect), format);
}

/** The bytes of a written file, as `File`, `Blob` and `Response` take them. */
export type WrittenContent = Uint8Array<ArrayBuffer> | Blob;

export interface WriteModelOptions extends Omit<WriteOptions, 'force'>, Omit<OutputRequest, 'folder'> {
  /** Called with each warning about the new files, besides the model's own `warnings`. */
  readonly onWarning?: (warning: Warning) => void;
}

/**
 * Writes a model, with the bytes that the command line writes: in its own format (a SavedModel as `.h5`), or in the one
 * that the name of the `output` or `to` and `dialect` say.
 * @returns the files by their names, the model's first. Unchanged weights are parts of the files that were read.
 * @throws RetrofitError `overflow`, `cannot-convert`, `input-changed`, `bad-option`
 * @example const files = await writeModel(retrofit(model, { ratio: 16 }), { to: 'tfjs' });
 */
export async function writeModel(
  model: Model,
  options: WriteModelOptions = {},
): Promise<ReadonlyMap<string, WrittenContent>> {
  const { output, to, dialect, onWarning = () => {}, ...writing } = options;
  const memory = memoryStorage();
  // The output is in none of the places that were read, whatever its name: each is another one.
  let places = 0;
  const storage = { ...memory, canonical: async (path: string) => `${++places}:${memory.absolute(path)}` };
  const place = placeOf(storage, model, { output, to, dialect });
  checkWriteOptions(writing, place.format.container);
  const converted = toFormat(model, place.format);
  const { files, warnings } = await writeTo(storage, converted, place, writing);
  for (const warning of [...converted.warnings, ...warnings]) if (!model.warnings.includes(warning)) onWarning(warning);
  // Memory that threads share comes from nobody: it is that of the files that were read, or our own.
  const contentOf = (name: string) => storage.files.get(storage.join(place.folder, name)) as WrittenContent;
  return new Map(files.map((name) => [storage.join('.', name), contentOf(name)]));
}

function placeOf(storage: MemoryStorage, model: Model, request: OutputRequest): OutputPlace {
  const isInFolder = [MODEL_FILE, CONFIG_FILE].includes(storage.nameOf(model.path));
  const path = storage.join(UNNAMED, isInFolder ? storage.folderOf(model.path) : model.path);
  return outputPlace(storage, { path, isFolder: isInFolder, format: model.format }, request, '');
}

/** Name of an output whose input lay in no folder that has a name. */
const UNNAMED = 'model';
