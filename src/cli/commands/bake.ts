import { refusal } from '../../errors.js';
import { convertModel } from '../../formats/convert-model.js';
import { readFrom } from '../../formats/known-formats.js';
import { keepPixels, type SkippedImage } from '../../images/image-batches.js';
import { type ImageFolder, readImageFolder } from '../../images/read-image-folder.js';
import type { Model } from '../../model/model.js';
import { countParams } from '../../plan/cost.js';
import { type BakePlan, bakeWarnings, planBake } from '../../plan/plan-bake.js';
import { listRetrofittedModules } from '../../plan/retrofitted-modules.js';
import {
  accuracyWarnings,
  type BakeRun,
  bakeLines,
  bakeReport,
  bakeTable,
  skippedWarnings,
  spreadOf,
} from '../../report/bake-report.js';
import { assumedSizeWarnings } from '../../report/image-warnings.js';
import { share } from '../../report/printable.js';
import { outputLine } from '../../report/summary.js';
import { type ExcitedModule, exciteModel } from '../../runtime/excite-model.js';
import { defaultPreprocess, imageSize } from '../../runtime/image-input.js';
import { loadModel } from '../../runtime/load-model.js';
import { namingMemory } from '../../runtime/out-of-memory.js';
import { nodeStorage } from '../../storage/node/node-storage.js';
import { TOOL } from '../../tool.js';
import { bake as bakeModel } from '../../transforms/bake.js';
import { countRight, findJudge, findLoss } from '../../tune/accuracy-kept.js';
import { type ComputeFlags, type ImageFlags, reportedOptions } from '../compute-options.js';
import { describedInput } from '../described-input.js';
import { type Flags, readOptions } from '../flags.js';
import { checkPlace, placeOf } from '../place.js';
import { IMAGES, progressBar } from '../progress.js';
import { startComputing } from '../start-computing.js';
import { dataColors, print, printTable, tellResult } from '../terminal.js';
import { tellWarnings } from '../warnings.js';
import { writeModel } from '../write-model.js';

/** The flags of bake. */
export interface BakeFlags
  extends ComputeFlags,
    ImageFlags,
    Pick<Flags, 'output' | 'to' | 'dialect' | 'weights' | 'allowLinks' | 'force' | 'quiet' | 'json'> {
  readonly below?: number;
}

/** Replaces gates by their means over a folder of images, and tells what that costs in accuracy. */
export async function bake(path: string, folder: string, flags: BakeFlags): Promise<void> {
  const started = performance.now();
  const read = await readFrom(nodeStorage, path, readOptions(flags));
  listRetrofittedModules(read);
  const place = await placeOf(path, read, flags);
  await checkPlace(read, place, flags);
  const images = await readImageFolder(folder, {
    labels: flags.labels,
    known: read.record?.classes,
    allowsNoClasses: true,
  });

  const { baked, plan, size, ...seen } = await compute(read, images, flags);
  const model = convertModel(baked, place.format);
  const output = await writeModel(model, place, flags);
  const run: BakeRun = {
    tool: TOOL,
    input: describedInput(path, read),
    output,
    ...seen,
    options: {
      ...reportedOptions(flags),
      below: flags.below ?? null,
      to: flags.to ?? null,
      dialect: flags.dialect ?? null,
    },
    baked: plan.modules,
    kept: keptModules(read, plan),
    params: { before: countParams(read.graph), after: countParams(baked.graph) },
    warnings: [
      ...model.warnings,
      ...bakeWarnings(plan),
      ...assumedSizeWarnings(size),
      ...accuracyWarnings(seen.accuracy),
      ...skippedWarnings(seen.skipped),
      ...output.warnings,
    ],
    milliseconds: performance.now() - started,
  };
  tellResult(
    flags,
    () => bakeReport(run),
    () => show(run, read),
  );
}

/** Computes: the mean gates, the model with them in its weights, and how accurate both are. */
async function compute(read: Model, images: ImageFolder, flags: BakeFlags) {
  const tensorflow = await startComputing(flags.backend, flags);
  const before = await loadModel(tensorflow, read);
  const preprocess = flags.preprocess ?? defaultPreprocess(read);
  const skipped: SkippedImage[] = [];
  const size = imageSize(before.runs, read.path, flags.imageSize);
  const options = { size, batch: flags.batch, preprocess, kept: keepPixels() };
  const bar = progressBar('looking', flags.quiet === true || flags.json === true, IMAGES);
  try {
    const judge = findJudge(tensorflow, findLoss(read, before), images);
    let rightBefore = 0;
    const excitation = await exciteModel(tensorflow, before, images, {
      ...options,
      onOutput: (output, labels) => {
        if (typeof judge === 'function') rightBefore += judge(output, labels);
      },
      onSkipped: (image) => skipped.push(image),
      onProgress: bar.update,
    });
    const gates = new Map(excitation.modules.map((module) => [module.name, module]));
    const plan = planBake(read, chooseModules(read, gates, flags.below));
    if (plan.modules.length === 0) {
      throw refusal(
        'nothing-to-bake',
        'neither weights nor a layer of this format could take the gates of any module',
        {
          where: { file: read.path },
          hint: 'nothing was written',
        },
      );
    }
    const means = new Map(plan.modules.map(({ name }) => [name, Float32Array.from(gates.get(name)!.mean)]));
    const baked = bakeModel(read, means, plan);
    const broken = new Set(skipped.map((image) => image.path));
    const readable = images.images.filter((image) => !broken.has(image.path));
    const quietly = { ...options, onSkipped: () => {} };
    const after = await loadModel(tensorflow, baked);
    const accuracy =
      typeof judge === 'function'
        ? {
            before: rightBefore / excitation.images,
            after: (await countRight(tensorflow, after, judge, readable, quietly)) / excitation.images,
          }
        : judge;
    return {
      baked,
      plan,
      size,
      gates,
      accuracy,
      images: excitation.images,
      preprocess,
      backend: tensorflow.backend,
      skipped,
    };
  } catch (error) {
    throw namingMemory(error, flags.batch);
  } finally {
    bar.stop();
  }
}

/** @throws RetrofitError `nothing-to-bake` where all gates vary more */
function chooseModules(
  model: Model,
  gates: ReadonlyMap<string, ExcitedModule>,
  below: number | undefined,
): readonly string[] {
  const seen = listRetrofittedModules(model).flatMap(({ name }) => gates.get(name) ?? []);
  const chosen = seen.filter((module) => below === undefined || spreadOf(module) < below);
  if (chosen.length > 0) return chosen.map(({ name }) => name);
  const least = seen.length === 0 ? undefined : Math.min(...seen.map(spreadOf));
  throw refusal(
    'nothing-to-bake',
    least === undefined
      ? 'no module is computed on the way to an output'
      : `the gates of every module move by ${share(least)} of their range or more`,
    { where: { file: model.path, field: 'below' }, hint: 'a larger --below bakes more; nothing was written' },
  );
}

function keptModules(model: Model, { modules, kept }: BakePlan): BakeRun['kept'] {
  const gone = new Set(modules.map(({ name }) => name));
  const without = new Set(kept.map(({ name }) => name));
  return listRetrofittedModules(model)
    .filter(({ name }) => !gone.has(name))
    .map(({ name }) => ({ name, reason: without.has(name) ? ('no-place' as const) : ('varies' as const) }));
}

function show(run: BakeRun, model: Model): void {
  printTable(bakeTable(run));
  print(...bakeLines(run));
  tellWarnings(run.warnings);
  print(dataColors.green(outputLine(model, run.output, run.milliseconds)));
}
