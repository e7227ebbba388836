import { usageError } from '../../errors.js';
import { checkOutput } from '../../formats/check-output.js';
import { convertModel } from '../../formats/convert-model.js';
import { readFrom } from '../../formats/known-formats.js';
import type { OutputPlace } from '../../formats/output-place.js';
import { countLayers, type Model } from '../../model/model.js';
import { reportLine } from '../../report/json-report.js';
import { outputLine, warningLine } from '../../report/summary.js';
import {
  epochLine,
  skippedImageLine,
  type TuneRun,
  tuneLines,
  tuneReport,
  tuneWarnings,
} from '../../report/tune-report.js';
import { defaultPreprocess, imageSize } from '../../runtime/image-input.js';
import { loadModel } from '../../runtime/load-model.js';
import { startBackend } from '../../runtime/start-backend.js';
import { nodeStorage } from '../../storage/node/node-storage.js';
import { TOOL } from '../../tool.js';
import { replaceWeights } from '../../transforms/replace-weights.js';
import { type Checkpoint, findCheckpoint, writeCheckpoint } from '../../tune/checkpoint.js';
import { checkFingerprint, type Fingerprint, fingerprintOf } from '../../tune/fingerprint.js';
import { findLabelledImages } from '../../tune/labelled-images.js';
import { checkClasses } from '../../tune/loss.js';
import { makeNetwork } from '../../tune/network.js';
import { tuneModel } from '../../tune/tune-model.js';
import type { TuneOptions } from '../../tune/tune-options.js';
import { readOptions } from '../flags.js';
import { placeOf } from '../place.js';
import { checkReportPlace, writeReport } from '../report-file.js';
import { dataColors, messageColors, print, tell } from '../terminal.js';
import { trainingProgress } from '../training-progress.js';
import type { TuneFlags } from '../tune-flags.js';
import { writeModel } from '../write-model.js';

/** Trains the modules of a model, or all of it, with a folder of images, and writes the best epoch. */
export async function tune(path: string, folder: string, flags: TuneFlags): Promise<void> {
  const started = performance.now();
  const isTelling = flags.quiet !== true;
  const model = await readFrom(nodeStorage, path, readOptions(flags));
  const place = await placeOf(path, model, flags);
  // Whatever would stop the writing stops it now, not in some hours.
  convertModel(model, place.format);
  await checkOutput(nodeStorage, model, place, flags.force ?? false);
  await checkCheckpoints(flags, place);
  if (flags.html !== undefined) await checkReportPlace(flags.html, 'html', model, place);
  const page = flags.html === undefined ? undefined : await importPage();
  const options = tuneOptions(model, flags);
  const images = await findLabelledImages(folder, flags.labels, flags.validation, flags.seed);
  const tensorflow = await startBackend(flags.backend);
  const loaded = await loadModel(tensorflow, model);
  const size = imageSize(loaded.runs, path);
  const network = makeNetwork(tensorflow, model, loaded, flags.train);
  checkClasses(network.loss, images.classes, new Set(images.training.map(({ label }) => label)), folder);
  const given = flags.checkpoints === undefined ? {} : await fingerprintOf(nodeStorage, model, images, options);
  const from = await findStart(flags, given);
  if (from !== undefined && isTelling) tell(`goes on behind epoch ${from.epochs.length} of ${flags.epochs}`);

  const bar = await trainingProgress(flags.epochs, (from?.epochs.length ?? 0) + 1, isTelling && flags.json !== true);
  const say = (line: string) => {
    bar.clear();
    if (isTelling) tell(line);
  };
  const result = await tuneModel(
    { tensorflow, network, size, images, options, from },
    {
      onStep: bar.update,
      onEpoch: (epoch) => say(epochLine(epoch, flags.epochs)),
      onSkipped: (image) => say(messageColors.yellow(`warning: ${skippedImageLine(image)}`)),
      onCheckpoint: async (state) => {
        if (flags.checkpoints !== undefined) await writeCheckpoint(nodeStorage, flags.checkpoints, { ...state, given });
      },
    },
  ).finally(bar.clear);
  const trained = convertModel(replaceWeights(model, result.values), place.format);
  const output = await writeModel(trained, place, flags);

  const run: TuneRun = {
    tool: TOOL,
    model,
    inputPath: path,
    layers: countLayers(model.graph),
    images,
    options: { ...options, validation: flags.validation, labels: flags.labels ?? null },
    backend: tensorflow.backend,
    loss: network.loss.kind,
    trainedParams: network.weights.trained.reduce((sum, { variable }) => sum + variable.read().size, 0),
    result,
    output,
    warnings: [...trained.warnings, ...tuneWarnings(result, network.loss)],
    milliseconds: performance.now() - started,
  };
  if (page !== undefined) await writeReport(flags.html!, 'html', page.tunePage(run), true);
  if (flags.json) print(reportLine(tuneReport(run)));
  else if (isTelling) show(run);
}

/** How the model is to be trained, as the flags say. */
function tuneOptions(model: Model, flags: TuneFlags): TuneOptions {
  const { epochs, learningRate, train, batch, seed, shift, patience, best } = flags;
  const preprocess = flags.preprocess ?? defaultPreprocess(model);
  return { epochs, learningRate, train, batch, seed, preprocess, flip: flags.flip ?? false, shift, patience, best };
}

/** Where an earlier run stopped, if this one goes on from there. */
async function findStart(flags: TuneFlags, given: Fingerprint): Promise<Checkpoint | undefined> {
  if (flags.checkpoints === undefined || !flags.resume) return undefined;
  const found = await findCheckpoint(nodeStorage, flags.checkpoints);
  if (found !== undefined) checkFingerprint(given, found, flags.checkpoints);
  return found;
}

/** @throws RetrofitError `bad-option`, `checkpoint-exists` */
async function checkCheckpoints({ checkpoints, resume, force }: TuneFlags, place: OutputPlace): Promise<void> {
  if (checkpoints === undefined) {
    if (!resume) return;
    throw usageError('bad-option', '--resume: there is nothing to go on from without --checkpoints', {
      where: { field: 'resume' },
      hint: 'give the folder that the earlier run was given with --checkpoints',
    });
  }
  const where = { file: checkpoints, field: 'checkpoints' };
  const [inside, output] = [await nodeStorage.canonical(checkpoints), await nodeStorage.canonical(place.folder)];
  if (place.format.container === 'tfjs' && (inside === output || inside.startsWith(`${output}/`))) {
    throw usageError(
      'bad-option',
      'the checkpoints would lie in the folder of the new model, which holds nothing else',
      {
        where,
        hint: 'give another folder with --checkpoints',
      },
    );
  }
  if (resume || force || (await findCheckpoint(nodeStorage, checkpoints)) === undefined) return;
  throw usageError('checkpoint-exists', 'an earlier run left a checkpoint here', {
    where,
    hint: 'go on from it with --resume, start anew with --force, or give another folder',
  });
}

async function importPage() {
  return import('../../report/tune-page.js').catch((error: Error) => {
    throw usageError(
      'no-d3',
      `the page is drawn with d3-scale and d3-shape, which are not installed: ${error.message}`,
      {
        where: { field: 'html' },
        hint: 'npm install d3-scale@4.0.3 d3-shape@3.2.1',
      },
    );
  });
}

function show(run: TuneRun): void {
  print(...tuneLines(run));
  tell(...run.warnings.map((warning) => messageColors.yellow(`warning: ${warningLine(warning)}`)));
  print(dataColors.green(outputLine(run.model, run.output, run.milliseconds)));
}
