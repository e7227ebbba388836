import type { Excitation, ExcitedModule } from './excite-model.js';
import { pooled, specificityOf, type Variances } from './gate-statistics.js';

/**
 * Conditions for leaving out a stage's modules, after the paper's findings on SE-ResNet-50's last stage (section 7.2):
 * its gates were nearly the same for every class, and either close to saturated or constant up to their scale, while
 * the stage held most of the added parameters; without it the top-5 error rose by less than 0.1 %.
 */
export const STAGE_RULE = {
  /** Alike for all classes: the class means differ by less, root mean square, as a share of a gate's range. */
  classSpreadBelow: 0.03,
  /** Constant: a gate moves by less from image to image, root mean square, as a share of its range. */
  spreadBelow: 0.05,
  /** Saturated: so many of the gates lie in the outer tenths of their range, and they do not change ends. */
  saturationFrom: 0.8,
  saturatedSpreadBelow: 0.1,
  /** Worth it: the stage holds so many of the parameters of all modules. */
  paramsShareFrom: 0.1,
  /**
   * Idle: so few of the answers change with the mean gates in their place. In the experiment of docs/EXPERIMENT.md the
   * accuracy fell by at most 0.44 of the share of changed answers, so by less than 0.3 points.
   */
  changedAtMost: 0.005,
} as const;

/** A stage's modules, taken together. */
export interface StageGates {
  readonly stage: number;
  readonly modules: number;
  readonly params: number;
  /** Share of the parameters of all modules. */
  readonly paramsShare: number;
  readonly specificity: number;
  readonly saturation: number;
  /** Root mean square deviation from image to image, as a share of a gate's range. */
  readonly spread: number;
  /** Spread of the module that moves most. */
  readonly largestSpread: number;
  /** The part of it that is between the classes; null where that cannot be known. */
  readonly classSpread: number | null;
  /** Whether each of its modules by itself is alike for all classes and hardly moves: one that does is not averaged away. */
  readonly saysLittle: boolean;
  /** Whether every gate of all its modules is at exactly half its range. */
  readonly isUntrained: boolean;
  /** Whether the rule says to leave its modules out. */
  readonly isSkipped: boolean;
}

/** Reason why the stages are recommended, or why none is. */
export type RecommendationCode =
  | 'says-little'
  | 'untrained'
  | 'unknown-classes'
  | 'all-say-little'
  | 'all-needed'
  | 'answers-change';

export interface Recommendation {
  readonly code: RecommendationCode;
  readonly rule: typeof STAGE_RULE;
  readonly stages: readonly StageGates[];
  readonly skipStages: readonly number[];
  /** Modules that are untrained or dead where others of their stage are not. */
  readonly idleModules: readonly string[];
  /** Parameters of the modules that would be left out. */
  readonly savesParams: number;
  /** Share of the answers that change with the gates in question at their means; null where that was not measured. */
  readonly changed: number | null;
}

/** Lists stages that may not need their modules, by {@link STAGE_RULE}. */
export function recommendStages({ modules }: Excitation): Recommendation {
  const all = modules.reduce((sum, { params }) => sum + params, 0);
  const judged = [...new Set(modules.map(({ stage }) => stage))]
    .sort((left, right) => left - right)
    .map((stage) => describeStage(stage, modules, all));
  const code = codeOf(judged);
  const isGiven = code === 'says-little';
  const stages = judged.map((stage) => ({ ...stage, isSkipped: isGiven && stage.isSkipped }));
  const skipped = stages.filter(({ isSkipped }) => isSkipped);
  return {
    code,
    rule: STAGE_RULE,
    stages,
    skipStages: skipped.map(({ stage }) => stage),
    idleModules: modules
      .filter((module) => module.isUntrained && stages.some((each) => each.stage === module.stage && !each.isUntrained))
      .map(({ name }) => name),
    savesParams: skipped.reduce((sum, { params }) => sum + params, 0),
    changed: null,
  };
}

function codeOf(stages: readonly StageGates[]): RecommendationCode {
  const trained = stages.filter(({ isUntrained }) => !isUntrained);
  if (trained.length === 0) return 'untrained';
  if (trained.some(({ classSpread }) => classSpread === null)) return 'unknown-classes';
  if (trained.every((stage) => stage.saysLittle)) return 'all-say-little';
  return trained.some(({ isSkipped }) => isSkipped) ? 'says-little' : 'all-needed';
}

function describeStage(stage: number, all: readonly ExcitedModule[], allParams: number): StageGates {
  const modules = all.filter((module) => module.stage === stage);
  const channels = modules.reduce((sum, module) => sum + module.channels, 0);
  const params = modules.reduce((sum, module) => sum + module.params, 0);
  const variances = pooled(modules);
  const facts = {
    stage,
    modules: modules.length,
    params,
    paramsShare: allParams === 0 ? 0 : params / allParams,
    specificity: specificityOf(variances),
    saturation: modules.reduce((sum, module) => sum + (module.saturation * module.channels) / channels, 0),
    ...spreadsOf(variances),
    largestSpread: Math.max(...modules.map((module) => spreadsOf(module.variances).spread)),
    saysLittle: modules.every((module) =>
      saysLittle({ ...spreadsOf(module.variances), saturation: module.saturation }),
    ),
    isUntrained: modules.every(({ isUntrained }) => isUntrained),
  };
  const isSkipped = !facts.isUntrained && facts.saysLittle && facts.paramsShare >= STAGE_RULE.paramsShareFrom;
  return { ...facts, isSkipped };
}

/** The variances as standard deviations. */
export const spreadsOf = ({ total, between }: Variances): Pick<StageGates, 'spread' | 'classSpread'> => ({
  spread: Math.sqrt(total),
  classSpread: between === null ? null : Math.sqrt(Math.max(0, between)),
});

const saysLittle = ({ spread, classSpread, saturation }: Pick<StageGates, 'spread' | 'classSpread' | 'saturation'>) =>
  classSpread !== null &&
  classSpread < STAGE_RULE.classSpreadBelow &&
  (spread < STAGE_RULE.spreadBelow ||
    (saturation >= STAGE_RULE.saturationFrom && spread < STAGE_RULE.saturatedSpreadBelow));
