import type { WriteResult } from '../formats/output/write-to.js';
import type { ImageSize } from '../images/image-batches.js';
import type { Preprocess } from '../images/preprocess.js';
import type { Format, Model, Warning } from '../model/model.js';
import { count, plural } from '../plural.js';
import type { Epoch, Judged } from '../tune/checkpoint.js';
import type { LabelledImages } from '../tune/labelled-images.js';
import type { Loss } from '../tune/loss.js';
import type { TuneResult } from '../tune/tune-model.js';
import type { TuneOptions } from '../tune/tune-options.js';
import { outputOf } from './json-report.js';
import { accuracyWords, byteSize, printable, printablePath, quotedNames } from './printable.js';
import type { TuneReport } from './tune-schema.js';

export interface ChangedFile {
  readonly name: string;
  readonly bytes: number;
}

/** Result of a run of `tune`. */
export interface TuneRun {
  readonly tool: string;
  readonly model: Model;
  readonly inputPath: string;
  readonly layers: number;
  readonly images: LabelledImages;
  /** To which images were scaled. */
  readonly size: ImageSize;
  readonly options: Readonly<Record<string, unknown>>;
  readonly backend: string;
  readonly loss: TuneReport['loss'];
  readonly head: TuneReport['head'];
  readonly trainedParams: number;
  /** Parameters of the whole model. */
  readonly params: number;
  readonly result: TuneResult;
  readonly output: WriteResult;
  /** Files of weights that are not, byte for byte, the model's. */
  readonly changed: readonly ChangedFile[];
  readonly warnings: readonly Warning[];
  readonly milliseconds: number;
}

export const tuneReport = (run: TuneRun): TuneReport => ({
  version: 1,
  command: 'tune',
  tool: run.tool,
  input: { path: run.inputPath, format: copyOf(run.model.format), layers: run.layers, bytes: run.model.bytes },
  output: { ...outputOf(run.output), changed: run.changed.map(({ name }) => name), changedBytes: sizeOf(run.changed) },
  options: { ...run.options },
  backend: run.backend,
  classes: [...run.images.classes],
  images: {
    ...imagesOf(run),
    height: run.size.height,
    width: run.size.width,
    skipped: run.result.skipped.map((image) => ({ ...image })),
  },
  loss: run.loss,
  head: run.head,
  params: { trained: run.trainedParams },
  trained: { parameters: run.trainedParams, of: run.params },
  before: run.head === 'new' ? null : { ...run.result.before },
  fitted: run.head === 'new' ? { ...run.result.before } : null,
  after: { ...run.result.after },
  best: run.result.best,
  epochs: run.result.epochs.map((epoch) => ({ ...epoch })),
  warnings: run.warnings.map((warning) => ({ ...warning })),
  milliseconds: run.milliseconds,
});

const sizeOf = (files: readonly ChangedFile[]): number => files.reduce((sum, { bytes }) => sum + bytes, 0);

/** Counts of images to train with and to judge by. */
export interface ImageCounts {
  readonly training: number;
  readonly validation: number;
}

/** Counts the images that were decoded: the others were neither trained with nor judged by. */
export function countImages({ training, validation }: LabelledImages, skipped: ReadonlySet<string>): ImageCounts {
  const countOf = (images: LabelledImages['training']) => images.filter(({ path }) => !skipped.has(path)).length;
  return { training: countOf(training), validation: countOf(validation) };
}

export const imagesOf = ({ images, result }: TuneRun): ImageCounts =>
  countImages(images, new Set(result.skipped.map(({ path }) => path)));

const copyOf = (format: Format) => ({ ...format });

/** One epoch in one line. */
export const epochLine = (
  { epoch, loss, accuracy, validationLoss, validationAccuracy }: Epoch,
  epochs: number,
  images: ImageCounts,
): string =>
  `epoch ${epoch}/${epochs}: ${judgedWords({ loss, accuracy }, images.training)}; ` +
  `validation: ${judgedWords({ loss: validationLoss, accuracy: validationAccuracy }, images.validation)}`;

/** Summarises the training and its validation. */
export function tuneLines(run: TuneRun): readonly string[] {
  const { result, images, size, trainedParams, params, changed, output, head, options } = run;
  const { training, validation } = imagesOf(run);
  return [
    `trained ${count(trainedParams)} of ${plural(params, 'parameter')} on ${plural(training, 'image')} of ${plural(images.classes.length, 'class', 'classes')}; ` +
      `${result.best === 0 ? 'the new head alone' : `epoch ${result.best} of ${result.epochs.length}`} is written`,
    `validation (${plural(validation, 'image')}): ${judgedWords(result.before, validation)} ${head === 'new' ? 'with the new head alone' : 'before'}, ${judgedWords(result.after, validation)} after`,
    `pixels went in at ${size.height} x ${size.width}, ${PIXELS[options.preprocess as Preprocess]} (--preprocess ${options.preprocess}), as they have to whenever the model is used`,
    ...(output.files.length - changed.length > 1
      ? [
          `files of weights that changed: ${changed.map(({ name, bytes }) => `${printablePath(name)} (${byteSize(bytes)})`).join(', ')}; the others are the model's, byte for byte`,
        ]
      : []),
  ];
}

/** Description of how pixels from 0 to 255 went in. */
const PIXELS: Readonly<Record<Preprocess, string>> = {
  none: 'as they are, from 0 to 255',
  unit: 'divided by 255',
  tf: 'from -1 to 1',
  torch: "divided by 255, less ImageNet's means, divided by its deviations",
  caffe: "with blue first, less ImageNet's means",
};

const judgedWords = ({ loss, accuracy }: Judged, images: number): string =>
  `loss ${loss.toFixed(4)}, accuracy ${accuracyWords(accuracy, images)}`;

function classesWithoutImages({ classes, training, validation }: LabelledImages): readonly string[] {
  const labels = new Set([...training, ...validation].map(({ label }) => label));
  return classes.filter((_, label) => !labels.has(label));
}

/** A class of one image is trained with; the folder to validate with may hold none of another. */
function unjudgedWarnings({ classes, training, validation }: LabelledImages): readonly Warning[] {
  const judged = new Set(validation.map(({ label }) => label));
  const labels = new Set(training.map(({ label }) => label).filter((label) => !judged.has(label)));
  if (labels.size === 0) return [];
  const names = quotedNames(classes.filter((_, label) => labels.has(label)));
  const message = `there is no image to validate ${names} with: how well ${labels.size === 1 ? 'it is' : 'they are'} told is not known`;
  return [{ code: 'class-not-validated', message, where: null }];
}

export const skippedImageLine = ({ path, reason }: { readonly path: string; readonly reason: string }): string =>
  `${printablePath(path)}: not an image that can be decoded (${printable(reason)}); it is left out`;

/** Lists warnings about the result. */
export function tuneWarnings(
  { before, after, best, skipped }: TuneResult,
  { insteadOf }: Loss,
  { best: judgedBy, ratio }: Pick<TuneOptions, 'best'> & { readonly ratio?: number },
  { partsOf, images, head }: { readonly partsOf: number | undefined } & Pick<TuneRun, 'images' | 'head'>,
): readonly Warning[] {
  const warning = (code: string, message: string, where: string | null = null): Warning => ({ code, message, where });
  const isWorse = best === 0 || (judgedBy === 'loss' ? after.loss > before.loss : after.accuracy < before.accuracy);
  const written =
    best === 0
      ? `the new head alone, which is written${ratio === undefined ? '' : ' (its modules change nothing yet)'}`
      : `the model was; the best, ${best}, is written all the same`;
  const worse = `by its ${judgedBy}, not one epoch is better than ${written}: try a lower --learning-rate or more images`;
  return [
    ...(insteadOf === undefined
      ? []
      : [
          warning(
            'other-loss',
            `the model was compiled with ${insteadOf}; it is trained with a cross-entropy all the same`,
          ),
        ]),
    ...(head === 'new' ? classesWithoutImages(images) : []).map((name) =>
      warning(
        'class-without-images',
        `the class "${name}" has no images: the new head has a unit for it, which learns to say no; remove the folder or the label, or give it images`,
        name,
      ),
    ),
    ...unjudgedWarnings(images),
    ...(partsOf === undefined
      ? []
      : [
          warning(
            'statistics-in-parts',
            `a batch does not fit into memory at once: batch norms were trained with the statistics of ${plural(partsOf, 'image')} at the most; --batch ${partsOf} makes these the batches, and --train modules has no such statistics`,
          ),
        ]),
    ...(isWorse ? [warning('worse-than-before', worse)] : []),
    ...(skipped.length === 0
      ? []
      : [
          warning(
            'images-skipped',
            `${plural(skipped.length, 'image')} could not be decoded and ${skipped.length === 1 ? 'was' : 'were'} left out`,
          ),
        ]),
  ];
}
