import { RetrofitError, reasonOf, usageError, withHint } from '../../errors.js';
import { saysLeftOut } from '../../formats/conversion-warnings.js';
import { convertModel } from '../../formats/convert-model.js';
import { readFrom } from '../../formats/known-formats.js';
import { keepPixels, type SkippedImage } from '../../images/image-batches.js';
import { installMissing } from '../../missing-packages.js';
import { countLayers, type Model } from '../../model/model.js';
import { findHead } from '../../plan/find-head.js';
import { planWithWeights } from '../../plan-with-weights.js';
import { assumedSizeWarnings } from '../../report/image-warnings.js';
import { outputLine } from '../../report/summary.js';
import {
  countImages,
  epochLine,
  skippedImageLine,
  type TuneRun,
  tuneLines,
  tuneReport,
  tuneWarnings,
} from '../../report/tune-report.js';
import { defaultPreprocess, imageSize } from '../../runtime/image-input.js';
import { loadModel } from '../../runtime/load-model.js';
import { namingMemory } from '../../runtime/out-of-memory.js';
import { nodeStorage } from '../../storage/node/node-storage.js';
import { TOOL } from '../../tool.js';
import { replaceHead } from '../../transforms/replace-head.js';
import { replaceWeights } from '../../transforms/replace-weights.js';
import { retrofit } from '../../transforms/retrofit.js';
import { writeCheckpoint } from '../../tune/checkpoint.js';
import { fingerprintOf } from '../../tune/fingerprint.js';
import { fitNewHead } from '../../tune/fit-head.js';
import { usesBatchStatistics } from '../../tune/images-at-once.js';
import { findLabelledImages, type LabelledImages } from '../../tune/labelled-images.js';
import { checkClasses, checkLabels } from '../../tune/loss.js';
import { makeNetwork } from '../../tune/network.js';
import { tuneModel } from '../../tune/tune-model.js';
import {
  defaultEpochs,
  defaultLearningRate,
  defaultPatience,
  defaultTrain,
  type TuneOptions,
  trainsHead,
} from '../../tune/tune-options.js';
import { listChangedFiles } from '../changed-files.js';
import { reportedOptions } from '../compute-options.js';
import { readOptions } from '../flags.js';
import { checkPlace, placeOf } from '../place.js';
import { checkReportPlaces, reportLast, writeReport } from '../report-file.js';
import { sayWhenInterrupted } from '../signals.js';
import { startComputing } from '../start-computing.js';
import { dataColors, messageColors, print, tell, tellResult } from '../terminal.js';
import { trainingProgress } from '../training-progress.js';
import { checkCheckpoints, findStart, partingLine } from '../tune-checkpoints.js';
import type { TuneFlags } from '../tune-flags.js';
import { tellWarnings } from '../warnings.js';
import { writeModel } from '../write-model.js';

/** A folder of broken images fills no terminal. */
const MOST_WARNINGS = 20;

/** Trains the modules of a model, or all of it, with a folder of images, and writes the best epoch. */
export async function tune(path: string, folder: string, flags: TuneFlags): Promise<void> {
  const started = performance.now();
  const read = await readFrom(nodeStorage, path, readOptions(flags));
  const place = await placeOf(path, read, flags);
  await checkPlace(read, place, flags);
  await checkCheckpoints(flags, read, place);
  await checkReportPlaces(flags, read, place);
  const page = flags.html === undefined ? undefined : await importPage();
  const known = flags.head === 'new' ? undefined : read.record?.classes;
  const images = await findLabelledImages(folder, { labels: flags.labels, known }, flags.validation, flags.seed);
  const based = flags.ratio === undefined ? read : await withModules(read, flags.ratio, flags);
  const given = flags.head === 'new' ? withNewHead(based, folder, images, flags) : based;

  const { model, network, result, size, leftOut, partsOf, areAllTold, ...trained } = await train(
    given,
    folder,
    images,
    flags,
  );
  const tuned = convertModel(replaceWeights(model, result.values), place.format);
  const output = await writeModel(tuned, place, flags);
  const head = flags.head === 'new' ? 'new' : 'kept';
  const run: TuneRun = {
    ...trained,
    tool: TOOL,
    model,
    inputPath: path,
    layers: countLayers(read.graph),
    images,
    size,
    loss: network.loss.kind,
    head,
    params: network.parameters,
    trainedParams: network.weights.trained.reduce((sum, { variable }) => sum + variable.read().size, 0),
    result,
    output,
    changed: await listChangedFiles(read, output),
    warnings: [
      ...tuned.warnings.filter((warning) => !saysLeftOut(warning)),
      ...leftOut,
      ...tuneWarnings(result, network.loss, flags, { partsOf, images, head }),
      ...assumedSizeWarnings(size),
      ...output.warnings,
    ],
    milliseconds: performance.now() - started,
  };
  const failure = await reportLast(async () => {
    if (page !== undefined) await writeReport(flags.html!, 'html', page.tunePage(run), output.path);
  });
  tellResult(
    flags,
    () => tuneReport(run),
    () => show(run, areAllTold),
  );
  if (failure !== undefined) throw failure;
}

/** What can be done, by what is wrong, where modules cannot be put in: `tune` has no flags to choose a place for them. */
const INSTEAD: Readonly<Record<string, string>> = {
  'already-retrofitted': ': the modules that are there are trained',
  'nothing-found': ', and train something else: --train head, norms or all',
};

/** What `add` makes of a model. */
async function withModules(model: Model, ratio: number, { seed, train, head }: TuneFlags): Promise<Model> {
  const trained = train ?? defaultTrain(head);
  if (!trained.some((part) => part === 'modules' || part === 'all')) {
    throw usageError(
      'bad-option',
      `--ratio puts modules in, and --train ${trained.join(',')} leaves them as they are`,
      {
        where: { field: 'ratio' },
        hint: `leave --ratio out, or give --train ${['modules', ...trained].join(',')}`,
      },
    );
  }
  // What is refused is told of the model as it is, without modules.
  if (head === 'new') findHead(model);
  const plan = await planWithWeights(model, { ratio, seed }).catch((error: unknown) => {
    const instead = error instanceof RetrofitError ? INSTEAD[error.code] : undefined;
    throw instead === undefined ? error : withHint(error as RetrofitError, () => `leave --ratio out${instead}`);
  });
  return retrofit(model, plan);
}

function withNewHead(model: Model, folder: string, { classes, training }: LabelledImages, { seed }: TuneFlags): Model {
  checkLabels(classes, new Set(training.map(({ label }) => label)), folder);
  return replaceHead(model, classes, { seed });
}

/** Loads the model and trains it, telling how it goes. */
async function train(start: Model, folder: string, images: LabelledImages, flags: TuneFlags) {
  const options = tuneOptions(start, images, flags);
  const { epochs } = options;
  const tensorflow = await startComputing(flags.backend, flags);
  const { checkpoints, ratio } = flags;
  const given = checkpoints === undefined ? undefined : await fingerprintOf(nodeStorage, start, images, options, ratio);
  const { from, warnings } = await findStart(flags, given);
  let done = from?.epochs.length ?? 0;
  const bar = await trainingProgress(epochs, done + 1, !flags.quiet && !flags.json);
  const say = (...lines: readonly string[]) => {
    bar.clear();
    if (!flags.quiet) tell(...lines);
  };
  const skipped = new Set<string>();
  const onSkipped = (image: SkippedImage) => {
    if (skipped.has(image.path)) return;
    if (skipped.add(image.path).size <= MOST_WARNINGS) say(messageColors.yellow(`warning: ${skippedImageLine(image)}`));
  };
  const kept = keepPixels();
  const isFitted = flags.head === 'new' && (from === undefined || !trainsHead(options));
  const model = isFitted
    ? replaceWeights(start, await fitNewHead(start, { tensorflow, images: images.training, options, kept, onSkipped }))
    : start;
  const loaded = await loadModel(tensorflow, model);
  // Whatever the result is written as, it was trained without them.
  const leftOut = loaded.model.warnings.filter(saysLeftOut);
  const size = imageSize(loaded.runs, model.path, options.imageSize);
  const network = makeNetwork(tensorflow, model, loaded, options.train, options.head === 'new');
  checkClasses(network.loss, images.classes, new Set(images.training.map(({ label }) => label)), folder);
  if (from !== undefined)
    say(done >= epochs ? `all ${epochs} epochs are done` : `goes on behind epoch ${done} of ${epochs}`);
  say(...warnings.map((warning) => messageColors.yellow(`warning: ${warning}`)));
  if (given !== undefined) sayWhenInterrupted(partingLine(done, epochs));
  const result = await tuneModel(
    { tensorflow, network, size, images, options, kept, from },
    {
      onStep: bar.update,
      onEpoch: (epoch) => say(epochLine(epoch, epochs, countImages(images, skipped))),
      onSkipped,
      onCheckpoint:
        given &&
        (async (state) => {
          await writeCheckpoint(nodeStorage, checkpoints!, { ...state, given });
          done = state.epochs.length;
          sayWhenInterrupted(partingLine(done, epochs));
        }),
    },
  )
    .catch((error) => {
      // What does not fit at once is computed in parts, down to single images.
      throw namingMemory(error, 1);
    })
    .finally(() => {
      bar.clear();
      sayWhenInterrupted();
    });
  const untold = skipped.size - MOST_WARNINGS;
  if (untold > 0) say(messageColors.yellow(`and ${untold} more; --json names them all`));
  const atOnce = network.imagesAtOnce(size);
  const isParted =
    usesBatchStatistics({ ...network.weights, trained: network.weights.layers }) &&
    atOnce < Math.min(flags.batch, images.training.length);
  const partsOf = isParted ? atOnce : undefined;
  return {
    model,
    network,
    result,
    size,
    leftOut,
    partsOf,
    // Of an earlier part of the run nothing was told in this one.
    areAllTold: skipped.size === result.skipped.length,
    backend: tensorflow.backend,
    options: {
      ...reportedOptions(flags),
      ...options,
      imageSize: options.imageSize ?? null,
      train: options.train.join(','),
      validation: flags.validation,
      ratio: flags.ratio ?? null,
      to: flags.to ?? null,
      dialect: flags.dialect ?? null,
    },
  };
}

/** Returns the options of the training from the flags. */
function tuneOptions(model: Model, { training }: LabelledImages, flags: TuneFlags): TuneOptions {
  const { head, batch, seed, shift, best, imageSize } = flags;
  const train = flags.train ?? defaultTrain(head);
  const epochs = flags.epochs ?? defaultEpochs(flags, training.length);
  const learningRate = flags.learningRate ?? defaultLearningRate({ head, train });
  const patience = flags.patience ?? defaultPatience(head);
  const preprocess = flags.preprocess ?? defaultPreprocess(model);
  const flip = flags.flip ?? false;
  return { epochs, learningRate, head, train, batch, seed, preprocess, imageSize, flip, shift, patience, best };
}

async function importPage() {
  return import('../../report/tune-page.js').catch((error: Error) => {
    throw usageError(
      'no-d3',
      `the page is drawn with d3-scale and d3-shape, which are not installed: ${reasonOf(error)}`,
      {
        where: { field: 'html' },
        hint: installMissing('d3-scale', 'd3-shape'),
      },
    );
  });
}

/** @param areAllTold whether each image that is left out was told as it was met */
function show(run: TuneRun, areAllTold: boolean): void {
  print(...tuneLines(run));
  tellWarnings(run.warnings.filter(({ code }) => !(areAllTold && code === 'images-skipped')));
  print(dataColors.green(outputLine(run.model, run.output, run.milliseconds)));
}
