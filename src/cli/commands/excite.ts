import { reasonOf, usageError } from '../../errors.js';
import { readFrom } from '../../formats/known-formats.js';
import { defaultOutput, findEnding } from '../../formats/output/output-place.js';
import { keepPixels, type SkippedImage } from '../../images/image-batches.js';
import { type ImageFolder, readImageFolder, samplePerClass } from '../../images/read-image-folder.js';
import { installMissing } from '../../missing-packages.js';
import type { Model } from '../../model/model.js';
import { exciteCsv } from '../../report/excite-csv.js';
import { exciteReport, type WrittenReport } from '../../report/excite-report.js';
import type { ExciteRun } from '../../report/excite-run.js';
import {
  exciteWarnings,
  moduleTable,
  nextStep,
  recommendationSentence,
  subjectLine,
} from '../../report/excite-sentences.js';
import { MAX_LINES } from '../../report/figures/palette.js';
import { assumedSizeWarnings, otherClassesWarnings } from '../../report/image-warnings.js';
import { byteSize, printablePath } from '../../report/printable.js';
import { warningLine } from '../../report/summary.js';
import { chooseClasses } from '../../runtime/choose-classes.js';
import { listPairs } from '../../runtime/class-distances.js';
import { confirmRecommendation } from '../../runtime/confirm-recommendation.js';
import { type Excitation, exciteModel } from '../../runtime/excite-model.js';
import { defaultPreprocess, imageSize } from '../../runtime/image-input.js';
import { getGates } from '../../runtime/list-gates.js';
import { loadModel } from '../../runtime/load-model.js';
import { namingMemory } from '../../runtime/out-of-memory.js';
import { recommendStages } from '../../runtime/recommend-stages.js';
import { nodeStorage } from '../../storage/node/node-storage.js';
import type { PendingOutput } from '../../storage/storage.js';
import { TOOL } from '../../tool.js';
import { findJudge, findLoss } from '../../tune/accuracy-kept.js';
import { changedShare, collectAnswers } from '../../tune/changed-answers.js';
import { findChosen } from '../chosen-classes.js';
import { type ComputeFlags, type ImageFlags, reportedOptions } from '../compute-options.js';
import { stageCsv } from '../csv-file.js';
import { describedInput } from '../described-input.js';
import { type Flags, readOptions } from '../flags.js';
import { IMAGES, progressBar } from '../progress.js';
import { stageReport } from '../report-folder.js';
import { startComputing } from '../start-computing.js';
import { dataColors, messageColors, print, printTable, tell, tellResult } from '../terminal.js';
import { warningsOfReading } from '../warnings.js';

/** Number of classes that are chosen by default. */
const DEFAULT_CLASSES = 5;

/** A folder of broken images fills no terminal. */
const MOST_WARNINGS = 20;

/** The flags of excite. */
export interface ExciteFlags
  extends ComputeFlags,
    ImageFlags,
    Pick<Flags, 'output' | 'weights' | 'allowLinks' | 'force' | 'quiet' | 'json'> {
  readonly classes?: readonly string[];
  readonly perClass: number;
  readonly csv?: string;
}

/** Runs images through a model, evaluates the gates, writes the report and prints its summary. */
export async function excite(path: string, imagesPath: string, flags: ExciteFlags): Promise<void> {
  const started = performance.now();
  const { exciteFiles, REPORT_KIND } = await importFiles();
  const model = await readFrom(nodeStorage, path, readOptions(flags));
  getGates(model);
  const listed = await readImageFolder(imagesPath, {
    labels: flags.labels,
    known: model.record?.classes,
    allowsOthers: true,
  });
  const named = flags.classes && findChosen(flags.classes, listed.classes, MAX_LINES);
  checkFolderName(flags.output);
  const isFolder = (await nodeStorage.kindOf(path)) === 'folder';
  const output = flags.output ?? defaultOutput(nodeStorage, { path, isFolder }, '-excite');

  // Before hours are computed: whether there is a place for what comes out.
  const force = flags.force ?? false;
  const report = await stageReport(output, force, REPORT_KIND);
  let csv: PendingOutput | undefined;
  try {
    if (flags.csv !== undefined) csv = await stageCsv(flags.csv, model, output, force);
    const { size, others, ...seen } = await look(model, listed, flags);
    const run: ExciteRun = {
      tool: TOOL,
      input: describedInput(path, model),
      imagesPath,
      given: {
        weights: flags.weights,
        allowLinks: flags.allowLinks,
        preprocess: flags.preprocess,
        labels: flags.labels,
        imageSize: flags.imageSize,
      },
      ...seen,
      options: { ...reportedOptions(flags), perClass: flags.perClass, classes: flags.classes ?? null },
      ...choose(
        seen.excitation,
        named?.map((index) => listed.classes[index]!),
      ),
      // Nothing of the model is written.
      warnings: [
        ...warningsOfReading(model.warnings),
        ...assumedSizeWarnings(size),
        ...otherClassesWarnings(others, model.record?.classes),
      ],
      milliseconds: performance.now() - started,
    };
    await csv?.write(nodeStorage.nameOf(flags.csv!), exciteCsv(run.excitation));
    const files = [];
    for (const { name, text } of exciteFiles(run)) {
      await report.write(name, [new TextEncoder().encode(text)]);
      files.push({ name, byteLength: await report.byteLength(name) });
    }
    await csv?.commit();
    await report.commit();
    const written = {
      path: output,
      files: files.map(({ name }) => name),
      bytes: files.reduce((sum, { byteLength }) => sum + byteLength, 0),
      csv: flags.csv ?? null,
    };
    tellResult(
      flags,
      () => exciteReport(run, written),
      () => show(run, written),
    );
  } catch (error) {
    await csv?.discard();
    await report.discard();
    throw error;
  }
}

function checkFolderName(output: string | undefined): void {
  const ending = output === undefined ? undefined : findEnding(output);
  if (ending === undefined) return;
  throw usageError('bad-option', `the report is a folder, and no file in "${ending}"`, {
    where: { file: output, field: 'output' },
    hint: `give a name without an ending; a folder of this very name is ${nodeStorage.nameOf(output!)}/`,
  });
}

/** The figures need packages that need not be installed. */
async function importFiles(): Promise<typeof import('../../report/excite-files.js')> {
  try {
    return await import('../../report/excite-files.js');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw usageError('no-d3', `figures are drawn with d3, which is not installed: ${reasonOf(error)}`, {
      hint: installMissing('d3-scale', 'd3-shape'),
    });
  }
}

/** Computes the gates' statistics, and lists the images that were left out. */
async function look(model: Model, listed: ImageFolder, flags: ExciteFlags) {
  const tensorflow = await startComputing(flags.backend, flags);
  const loaded = await loadModel(tensorflow, model);
  const preprocess = flags.preprocess ?? defaultPreprocess(model);
  const skipped: SkippedImage[] = [];
  const bar = progressBar('looking', flags.quiet === true || flags.json === true, IMAGES);
  try {
    const images = samplePerClass(listed, flags.perClass, flags.seed);
    const size = imageSize(loaded.runs, model.path, flags.imageSize);
    const options = { size, batch: flags.batch, preprocess, kept: keepPixels() };
    const loss = findLoss(model, loaded);
    const answers = collectAnswers(tensorflow, loss);
    const excitation = await exciteModel(tensorflow, loaded, images, {
      ...options,
      onOutput: answers.take,
      onSkipped: (image) => skipped.push(image),
      onProgress: bar.update,
    });
    const judge = findJudge(tensorflow, loss, listed);
    const others = listed.classes.filter((name) => model.record?.classes?.includes(name) === false);
    const missing = 'missing' in judge ? judge.missing : undefined;
    const tunedHead: ExciteRun['tunedHead'] =
      missing === 'classifier' ? 'none' : missing === 'classes' || others.length > 0 ? 'new' : 'keep';
    const recommendation = await confirmRecommendation(recommendStages(excitation), async (stages) => {
      if (answers.list === undefined) return null;
      const held = excitation.modules.filter(({ stage }) => stages.includes(stage));
      const again = { ...options, onSkipped: () => {}, onProgress: bar.update };
      return changedShare(tensorflow, loss, loaded, images, held, answers.list, again);
    });
    return { size, others, excitation, recommendation, preprocess, backend: tensorflow.backend, skipped, tunedHead };
  } catch (error) {
    throw namingMemory(error, flags.batch);
  } finally {
    bar.stop();
  }
}

/** The classes that are shown: those that were named, or the most different ones. */
function choose(
  excitation: Excitation,
  names: readonly string[] | undefined,
): Pick<ExciteRun, 'areNamed' | 'chosen' | 'pairs'> {
  const chosen =
    names === undefined
      ? chooseClasses(excitation, DEFAULT_CLASSES)
      : excitation.classes.flatMap(({ name }, index) => (names.includes(name) ? [index] : []));
  return { areNamed: names !== undefined, chosen, pairs: listPairs(excitation, chosen) };
}

function show(run: ExciteRun, { path, files, bytes, csv }: WrittenReport): void {
  printTable(moduleTable(run));
  print(`${subjectLine(run)}, computed on ${run.backend}`);
  const warnings = exciteWarnings(run).map(warningLine);
  tell(...warnings.slice(0, MOST_WARNINGS).map((line) => messageColors.yellow(`warning: ${line}`)));
  if (warnings.length > MOST_WARNINGS)
    tell(messageColors.yellow(`and ${warnings.length - MOST_WARNINGS} more; see --json`));
  print(recommendationSentence(run.recommendation));
  const page = nodeStorage.join(path, files[0]!);
  print(dataColors.green(`${printablePath(page)}  (${byteSize(bytes)}, ${Math.round(run.milliseconds)} ms)`));
  if (csv !== null) print(dataColors.green(printablePath(csv)));
  const next = nextStep(run);
  if (next !== undefined) tell(...[`Next: ${next.command}`, `  ${next.note}`].map((line) => messageColors.dim(line)));
}
