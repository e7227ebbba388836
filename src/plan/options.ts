import { type ErrorFacts, usageError } from '../errors.js';
import { flagOf } from '../flag-of.js';
import { refuseUnknownOptions } from '../nearest-names.js';

export type Placement = 'standard' | 'pre' | 'post' | 'identity';
export type Granularity = 'block' | 'stage' | 'conv';
export type ModuleForm = 'dense' | 'conv';
export type Squeeze = 'avg' | 'max';
export type Init = 'identity' | 'paper';

/** A stage by its number, or the last one of whatever model it is. */
export type StageChoice = number | 'last';

export interface RetrofitOptions {
  /** Channels over hidden units of a module. */
  readonly ratio: number;
  /** Only these stages. Empty: all. */
  readonly stages: readonly StageChoice[];
  readonly skipStages: readonly StageChoice[];
  /** Globs on the name of the layer a module would stand behind. Empty: all. */
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  /** Names of layers to put a module behind, instead of at the blocks. */
  readonly at: readonly string[];
  readonly placement: Placement;
  readonly granularity: Granularity;
  readonly form: ModuleForm;
  readonly squeeze: Squeeze;
  readonly bias: boolean;
  readonly minUnits: number;
  readonly init: Init;
  readonly seed: number;
}

export const RETROFIT_DEFAULTS: RetrofitOptions = Object.freeze({
  ratio: 16,
  stages: [],
  skipStages: [],
  include: [],
  exclude: [],
  at: [],
  placement: 'standard',
  granularity: 'block',
  form: 'dense',
  squeeze: 'avg',
  bias: false,
  minUnits: 2,
  init: 'identity',
  seed: 1,
});

const LISTS = ['stages', 'skipStages', 'include', 'exclude', 'at'] as const;

/** Allowed values of each option that is chosen from a list. */
export const OPTION_CHOICES = Object.freeze({
  placement: ['standard', 'pre', 'post', 'identity'],
  granularity: ['block', 'stage', 'conv'],
  form: ['dense', 'conv'],
  squeeze: ['avg', 'max'],
  init: ['identity', 'paper'],
} as const);

/** Ranges of the numeric options. No network has 4096-fold more channels than it needs hidden units. */
export const OPTION_RANGES = Object.freeze({
  ratio: { min: 1, max: 4096, whole: false },
  minUnits: { min: 1, max: 4096, whole: true },
  seed: { min: 0, max: 2 ** 32 - 1, whole: true },
} as const);

/**
 * Fills in the defaults and checks everything that can be checked without a model.
 * @throws RetrofitError `bad-option` with the allowed values
 */
export function completeOptions(given: Partial<RetrofitOptions>): RetrofitOptions {
  const stated = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  refuseUnknownOptions(stated, RETROFIT_DEFAULTS);
  const options: RetrofitOptions = { ...RETROFIT_DEFAULTS, ...stated };
  for (const [key, choices] of Object.entries(OPTION_CHOICES)) {
    const value = options[key as keyof typeof OPTION_CHOICES];
    if (!(choices as readonly string[]).includes(value))
      throw badOption(key, `${JSON.stringify(value)} is no choice`, `choose ${choices.join(', ')}`, {
        found: String(value),
        choices,
      });
  }
  for (const [key, range] of Object.entries(OPTION_RANGES)) {
    const { min, max, whole } = range;
    const value = options[key as keyof typeof OPTION_RANGES];
    const fits = typeof value === 'number' && value >= min && value <= max && (!whole || Number.isInteger(value));
    if (!fits)
      throw badOption(key, `${value} is out of range`, rangeOf(key as keyof typeof OPTION_RANGES), {
        found: String(value),
        ...range,
      });
  }
  for (const key of LISTS)
    if (!Array.isArray(options[key]))
      throw badOption(key, `${JSON.stringify(options[key])} is no list`, 'give a list', {
        found: String(options[key]),
      });
  for (const key of ['stages', 'skipStages'] as const) {
    const wrong = options[key].find((stage) => stage !== 'last' && !(Number.isInteger(stage) && stage >= 1));
    if (wrong !== undefined)
      throw badOption(key, `${JSON.stringify(wrong)} is no stage`, 'stages are whole numbers from 1, or "last"', {
        found: String(wrong),
      });
  }
  refuseBoth(options.stages, options.skipStages);
  if (options.at.length > 0 && (options.placement !== 'standard' || options.granularity !== 'block')) {
    throw badOption('at', 'the place is given: placement and granularity do not apply', 'leave one of them out');
  }
  return options;
}

/** Describes the range of a numeric option, as a sentence. */
export function rangeOf(key: keyof typeof OPTION_RANGES): string {
  const { min, max, whole } = OPTION_RANGES[key];
  return `give a ${whole ? 'whole number' : 'number'} from ${min} to ${max}`;
}

/**
 * Refuses a stage that is chosen and skipped.
 * @throws RetrofitError `bad-option`
 */
export function refuseBoth(stages: Iterable<StageChoice>, skipStages: Iterable<StageChoice>): void {
  const skipped = new Set(skipStages);
  const both = [...stages].find((stage) => skipped.has(stage));
  if (both !== undefined)
    throw badOption('skipStages', `stage ${both} is both chosen and skipped`, 'name it once', {
      found: both,
      both: String(both),
    });
}

export const badOption = (field: string, message: string, hint: string, facts: ErrorFacts = {}) =>
  usageError('bad-option', `${flagOf(field)}: ${message}`, { where: { field }, facts, hint });
