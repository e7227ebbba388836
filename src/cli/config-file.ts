import { z } from 'zod';
import { WRITTEN_CONTAINERS } from '../containers.js';
import { inFile, type RetrofitError, usageError } from '../errors.js';
import { DIALECTS } from '../format-names.js';
import { readJsonFile } from '../formats/find/read-json-file.js';
import { type Plain, toPlain } from '../json/json-value.js';
import { unknownNameHint } from '../nearest-names.js';
import { OPTION_CHOICES, OPTION_RANGES } from '../plan/options.js';
import { nodeStorage } from '../storage/node/node-storage.js';
import { misfit } from './config-sentences.js';
import { capitalised, DENY_CODE, WEIGHTS } from './descriptions.js';
import type { Flags } from './flags.js';

const stages = z.array(z.union([z.int().min(1), z.literal('last')]));
const globs = z.array(z.string().min(1));
const ranged = ({ min, max }: { min: number; max: number }) => z.number().min(min).max(max);
const whole = ({ min, max }: { min: number; max: number }) => z.int().min(min).max(max);

/**
 * Schema of a `--config` file: the options of `add` as the library and the `options` of a report spell them. `null`
 * stands for options that were not given there.
 */
export const configSchema = z
  .strictObject({
    $schema: z.string().describe('Where editors find this schema'),
    output: z.string().min(1).describe('Where the new model goes'),
    weights: z.string().min(1).nullable().describe(capitalised(WEIGHTS)),
    to: z.enum(WRITTEN_CONTAINERS).nullable().describe('What to write'),
    dialect: z.enum(DIALECTS).nullable().describe('Which Keras to write it for'),
    ratio: ranged(OPTION_RANGES.ratio).describe('Channels over hidden units of a module'),
    stages: stages.describe('Only these stages: numbers from 1, or "last"'),
    skipStages: stages.describe('Not these stages'),
    stage: stages.describe('The same as stages, as the flag spells it'),
    skipStage: stages.describe('The same as skipStages'),
    include: globs.describe('Only behind layers of these names'),
    exclude: globs.describe('Not behind layers of these names'),
    at: globs.describe('Behind these layers, instead of at the blocks'),
    placement: z.enum(OPTION_CHOICES.placement).describe('Where in the block'),
    granularity: z.enum(OPTION_CHOICES.granularity).describe('What gets one module'),
    form: z.enum(OPTION_CHOICES.form).describe('What the projections are'),
    squeeze: z.enum(OPTION_CHOICES.squeeze).describe('The global pooling'),
    bias: z.boolean().describe('Whether the projections have biases'),
    minUnits: whole(OPTION_RANGES.minUnits).describe('Least hidden units of a module'),
    init: z.enum(OPTION_CHOICES.init).describe('Initial weights'),
    seed: whole(OPTION_RANGES.seed).describe('Seed of the initial weights'),
    maxAddedParams: z
      .string()
      .min(1)
      .nullable()
      .meta({ description: 'Refuse to add more parameters: 5%, 200k, 1.5M', examples: ['5%', '200k'] }),
    denyCode: z.boolean().describe(capitalised(DENY_CODE)),
    verify: z.boolean().describe('Compute with both models, and write the new one only if it does not differ'),
    allowLinks: z.boolean().describe('Admit weight files that are links'),
  })
  .partial();

/**
 * Adds the options of a config file to the flags, which take precedence.
 * @throws RetrofitError `bad-config`, naming the key and what it expects
 */
export async function withConfig(flags: Flags): Promise<Flags> {
  if (flags.config === undefined) return flags;
  const file = flags.config;
  const json = await readConfig(file);
  const parsed = configSchema.safeParse(json);
  if (!parsed.success) throw badConfig(file, json, parsed.error.issues[0]!);
  const { $schema: _, stages, skipStages, ...options } = parsed.data;
  for (const [key, twice] of [
    ['stage', stages],
    ['skipStage', skipStages],
  ] as const) {
    if (options[key] !== undefined && twice !== undefined) {
      throw usageError('bad-config', `${key} and ${key}s are the same`, {
        where: { file, field: key },
        hint: 'leave one of them out',
      });
    }
  }
  const given = Object.entries({ stage: stages, skipStage: skipStages, ...options });
  return {
    ...(Object.fromEntries(given.filter(([, value]) => value !== undefined && value !== null)) as Flags),
    ...flags,
  };
}

function badConfig(file: string, json: unknown, issue: z.core.$ZodIssue): RetrofitError {
  const unknown = issue.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
  if (unknown !== undefined) {
    return usageError('bad-config', 'there is no such key', {
      where: { file, field: unknown },
      hint: unknownNameHint('keys', Object.keys(configSchema.shape), unknown),
    });
  }
  const { message, hint } = misfit(configSchema, json, issue.path);
  return usageError('bad-config', message, { where: { file, field: issue.path.join('.') }, hint });
}

/** @throws RetrofitError `bad-config` for a file that is not JSON */
export async function readConfig(path: string): Promise<Plain> {
  try {
    return toPlain((await readJsonFile(nodeStorage, await nodeStorage.findFile(path))).root);
  } catch (error) {
    const known = inFile(error, path) as Error;
    throw usageError('bad-config', `the config cannot be used: ${known.message}`, {
      where: { file: path },
      hint: 'give a JSON file',
    });
  }
}
