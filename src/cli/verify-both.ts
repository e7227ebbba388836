import { RetrofitError, refusal, withHint } from '../errors.js';
import { compareLayers } from '../formats/compare/compare-layers.js';
import { compareWeights, type WeightsVerdict } from '../formats/compare/compare-weights.js';
import { imageBatches, type SkippedImage } from '../images/image-batches.js';
import { type ImageFile, readImageFolder } from '../images/read-image-folder.js';
import type { Model } from '../model/model.js';
import { listRetrofittedModules, type RetrofittedModule } from '../plan/retrofitted-modules.js';
import { difference, isVerified, type Verified, weightsLine } from '../report/verify-report.js';
import { defaultPreprocess, imageSize } from '../runtime/image-input.js';
import { commonInputShapes, type InputBatch, seededBatches } from '../runtime/input-batches.js';
import { type LoadedModel, loadModel } from '../runtime/load-model.js';
import { verifyModels } from '../runtime/verify-models.js';
import type { ComputeFlags, ImageFlags } from './compute-options.js';
import { startComputing } from './start-computing.js';

/** Request to compare two models: their inputs, and how close their outputs have to be. */
export interface VerifyRequest extends Omit<ComputeFlags, 'json'>, Pick<ImageFlags, 'preprocess'> {
  readonly images?: string;
  readonly samples: number;
  readonly tolerance: number;
  readonly time?: boolean;
}

/** Callbacks of a comparison. */
export interface VerifyWatch {
  readonly onSkipped: (image: SkippedImage) => void;
  /** Number of images done, of all. */
  readonly onProgress: (done: number, total: number) => void;
  /** Reports the comparison of the weights where nothing can be computed; without it the error contains that. */
  readonly onWeightsAlone?: (line: string) => void;
}

/**
 * Compares a model with the one it was made from: the weights, then the outputs of both.
 * @throws RetrofitError `cannot-compute`, with the result for the weights
 */
export async function verifyBoth(
  before: Model,
  after: Model,
  request: VerifyRequest,
  watch: VerifyWatch,
): Promise<Verified> {
  const folder =
    request.images === undefined ? undefined : await readImageFolder(request.images, { allowsNoClasses: true });
  const weights = await compareWeights(before, after);
  const onlyModules = isOfModules(after, weights);
  try {
    const tensorflow = await startComputing(request.backend);
    const [first, second] = [await loadModel(tensorflow, before), await loadModel(tensorflow, after)];
    const batches =
      folder === undefined
        ? seededBatches(first.model, commonInputShapes(first.runs, second.runs, after.path), request)
        : imageInputs(first, second, folder.images, request, watch);
    const total = folder?.images.length ?? request.samples;
    const watched = counted(batches, (done) => watch.onProgress(done, total));
    const verification = await verifyModels(tensorflow, first, second, watched, { time: request.time ?? false });
    const layers = compareLayers(before, after);
    return { layers, weights, onlyModules, verification, backend: tensorflow.backend, tolerance: request.tolerance };
  } catch (error) {
    if (error instanceof RetrofitError && error.code === 'not-comparable' && haveOtherClasses(before, after))
      throw withHint(error, () => 'one of them has a new last layer (tune --head new), whose answers are others');
    if (!(error instanceof RetrofitError) || (error.code !== 'cannot-compute' && error.code !== 'cannot-convert'))
      throw error;
    const { kind, where, hint } = error;
    const line = weightsLine(weights, onlyModules);
    watch.onWeightsAlone?.(line);
    const message =
      watch.onWeightsAlone === undefined
        ? `${error.message}; without computing: ${line}`
        : `no outputs to compare: ${error.message}`;
    throw new RetrofitError(kind, 'cannot-compute', message, { where, ...(hint === undefined ? {} : { hint }) });
  }
}

const haveOtherClasses = ({ record: one }: Model, { record: other }: Model): boolean =>
  JSON.stringify(one?.classes) !== JSON.stringify(other?.classes);

/** Tells whether there are changes, and all of them are other values in modules that se-retrofit put in. */
function isOfModules(model: Model, { changed }: WeightsVerdict): boolean {
  if (changed.length === 0) return false;
  const layers = new Set(
    findRetrofittedModules(model).flatMap(({ graph, parts }) =>
      Object.values(parts).map(({ name }) => [...graph, name].join('/')),
    ),
  );
  return changed.every(({ layer, reason }) => reason === 'values' && layers.has(layer));
}

/** Lists the modules that se-retrofit added; empty where they were changed since. */
function findRetrofittedModules(model: Model): readonly RetrofittedModule[] {
  try {
    return listRetrofittedModules(model);
  } catch (error) {
    if (error instanceof RetrofitError && error.kind === 'input') return [];
    throw error;
  }
}

/** Passes batches on, and says how many examples have been computed. */
async function* counted(
  batches: Iterable<InputBatch> | AsyncIterable<InputBatch>,
  onDone: (examples: number) => void,
): AsyncGenerator<InputBatch> {
  let done = 0;
  for await (const batch of batches) {
    yield batch;
    done += batch.count;
    onDone(done);
  }
}

async function* imageInputs(
  before: LoadedModel,
  after: LoadedModel,
  images: readonly ImageFile[],
  { batch, preprocess }: VerifyRequest,
  { onSkipped }: VerifyWatch,
): AsyncGenerator<InputBatch> {
  commonInputShapes(before.runs, after.runs, after.model.path);
  const isOpen = before.runs.inputs[0]!.shape.slice(1).includes(null);
  const { runs, model } = isOpen ? after : before;
  const size = imageSize(runs, model.path);
  const how = preprocess ?? defaultPreprocess(before.model);
  for await (const decoded of imageBatches(images, { size, batch, preprocess: how, onSkipped })) {
    const count = decoded.images.length;
    yield { count, inputs: [{ shape: [count, size.height, size.width, size.channels], values: decoded.pixels }] };
  }
}

/** The answer no, after its report has been printed. */
export function differs(verified: Verified, path: string, hint: string): RetrofitError {
  const { weights, onlyModules, verification, tolerance } = verified;
  const { firstDifference } = verification;
  const outputs =
    verification.identical || isVerified({ ...verified, weights: { ...weights, changed: [] } })
      ? undefined
      : `the outputs differ by ${difference(verification.maxAbsDiff)}${tolerance > 0 ? `, more than ${tolerance}` : ''}`;
  return refusal('differs', outputs ?? weightsLine(weights, onlyModules), {
    where: { file: path, ...(firstDifference === null || outputs === undefined ? {} : { layer: firstDifference }) },
    hint,
    isReported: true,
  });
}
