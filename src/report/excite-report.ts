import type { ExciteRun } from './excite-run.js';
import { exciteWarnings, nextStep, recommendationSentence } from './excite-sentences.js';
import type { ExciteReport } from './report-schemas.js';

/** A thousand classes of ResNet-152 are fifty million numbers: more than a string holds. `--csv` has them all. */
const MOST_CLASSES = 100;

/** Files of a written report. */
export interface WrittenReport {
  readonly path: string;
  /** Names within the folder. */
  readonly files: readonly string[];
  readonly bytes: number;
  readonly csv: string | null;
}

/** Makes the report of `excite --json`. */
export function exciteReport(run: ExciteRun, output: WrittenReport): ExciteReport {
  const { tool, input, excitation, preprocess, backend, recommendation, milliseconds } = run;
  const { images, classes, modules } = excitation;
  const hasAll = !run.areNamed && classes.length <= MOST_CLASSES;
  const reported = hasAll ? classes.map((_, index) => index) : run.chosen;
  return {
    version: 1,
    command: 'excite',
    tool,
    input: { ...input, format: { ...input.format } },
    images,
    preprocess,
    backend,
    classes: classes.map((each) => ({ ...each })),
    blocks: modules.map((module) => ({
      name: module.name,
      stage: module.stage,
      block: module.block,
      channels: module.channels,
      params: module.params,
      range: module.range,
      mean: rounded(module.mean),
      deviation: rounded(module.deviation),
      perClass: Object.fromEntries(
        reported.map((index) => [classes[index]!.name, rounded(module.classes[index]!.mean)]),
      ),
      specificity: module.specificity,
      saturation: module.saturation,
      spread: Math.sqrt(module.variances.total),
      untrained: module.isUntrained,
    })),
    stages: recommendation.stages.map((stage) => ({
      stage: stage.stage,
      modules: stage.modules,
      params: stage.params,
      specificity: stage.specificity,
      saturation: stage.saturation,
      spread: stage.spread,
      classSpread: stage.classSpread,
      untrained: stage.isUntrained,
    })),
    recommend: {
      code: recommendation.code,
      skipStages: [...recommendation.skipStages],
      savesParams: recommendation.savesParams,
      changed: recommendation.changed,
      reason: recommendationSentence(recommendation),
      next: nextStep(run)?.command ?? null,
    },
    skipped: run.skipped.map((image) => ({ ...image })),
    output: { ...output, files: [...output.files] },
    warnings: exciteWarnings(run).map((warning) => ({ ...warning })),
    milliseconds,
  };
}

/** Gates come from float32: more digits say nothing. */
const rounded = (values: ArrayLike<number>): number[] => Array.from(values, (value) => Number(value.toFixed(7)));
