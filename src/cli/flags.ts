import type { WrittenContainer } from '../containers.js';
import { usageError } from '../errors.js';
import type { ReadOptions } from '../formats/find/file-content.js';
import type { Dialect } from '../model/model.js';
import { badOption, type OPTION_RANGES, type RetrofitOptions, rangeOf, type StageChoice } from '../plan/options.js';

/** Reads a flag's number. Its range is checked with the options of the library. */
export const numberOf = (key: keyof typeof OPTION_RANGES) => (text: string) => {
  const number = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isFinite(number)) return number;
  throw badOption(key, `"${text}" is not a number`, rangeOf(key));
};

export const collect = (text: string, before: readonly string[] = []): readonly string[] => [...before, text];

/** `5`, `4,5`, `last`; repeatable. */
export const collectStages =
  (flag: 'stage' | 'skip-stage') =>
  (text: string, before: readonly StageChoice[] = []): readonly StageChoice[] => [
    ...before,
    ...text.split(',').map((part): StageChoice => {
      const word = part.trim();
      if (word === 'last') return word;
      if (/^[1-9]\d*$/.test(word)) return Number(word);
      throw badOption(flag, `"${text}" names no stages`, 'give numbers from 1 or "last", with commas between: 4,5');
    }),
  ];

/** Flags of the commands on the command line; the model is an argument. */
export interface Flags extends Partial<Omit<RetrofitOptions, 'stages' | 'skipStages'>> {
  readonly stage?: readonly StageChoice[];
  readonly skipStage?: readonly StageChoice[];
  readonly output?: string;
  readonly outputDir?: string;
  readonly weights?: string;
  readonly to?: WrittenContainer;
  readonly dialect?: Dialect;
  readonly maxAddedParams?: string;
  readonly denyCode?: boolean;
  readonly verify?: boolean;
  readonly dryRun?: boolean;
  readonly markdown?: string;
  readonly html?: string;
  readonly svg?: string;
  readonly layers?: boolean;
  readonly force?: boolean;
  readonly quiet?: boolean;
  readonly config?: string;
  readonly allowLinks?: boolean;
  readonly json?: boolean;
}

/** Returns the options for reading the model. */
export const readOptions = ({ weights, allowLinks = false }: Flags): ReadOptions => ({
  allowLinks,
  ...(weights === undefined ? {} : { weights }),
});

const PLAN_KEYS = [
  'ratio',
  'include',
  'exclude',
  'at',
  'placement',
  'granularity',
  'form',
  'squeeze',
  'bias',
  'minUnits',
  'init',
  'seed',
] as const;

/** The options of the plan among the flags. */
export function planOptions(flags: Flags): Partial<RetrofitOptions> {
  const given = Object.fromEntries(PLAN_KEYS.flatMap((key) => (flags[key] === undefined ? [] : [[key, flags[key]]])));
  return {
    ...given,
    ...(flags.stage === undefined ? {} : { stages: flags.stage }),
    ...(flags.skipStage === undefined ? {} : { skipStages: flags.skipStage }),
  };
}

/** Parameters that may be added: a number, or a share of those the model has. */
export function parseBudget(text: string, paramsBefore: number): number {
  const match = /^(\d+(?:\.\d+)?)\s*(%|k|M)?$/.exec(text.trim());
  if (match === null) {
    throw usageError('bad-option', `--max-added-params "${text}" is no budget`, {
      where: { field: 'maxAddedParams' },
      hint: 'give a share such as 5%, or a number such as 200000, 200k or 1.5M',
    });
  }
  const number = Number(match[1]);
  const unit = match[2];
  if (unit === '%') return (number / 100) * paramsBefore;
  return number * (unit === 'k' ? 1e3 : unit === 'M' ? 1e6 : 1);
}
