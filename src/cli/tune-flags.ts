import { usageError } from '../errors.js';
import type { Validation } from '../tune/labelled-images.js';
import { TRAIN_PARTS, type TrainPart, type TuneOptions } from '../tune/tune-options.js';
import type { ComputeFlags, ImageFlags } from './compute-options.js';
import type { Flags } from './flags.js';

/** The flags of tune; those with a default always have a value. */
export interface TuneFlags
  extends Pick<Flags, 'output' | 'weights' | 'to' | 'dialect' | 'force' | 'quiet' | 'allowLinks'>,
    ComputeFlags,
    ImageFlags,
    Pick<TuneOptions, 'head' | 'shift' | 'best'> {
  readonly ratio?: number;
  readonly epochs?: number;
  readonly learningRate?: number;
  readonly train?: TuneOptions['train'];
  readonly validation: Validation;
  readonly flip?: boolean;
  readonly patience?: number;
  readonly checkpoints?: string;
  readonly resume?: boolean;
  readonly html?: string;
}

/** A share of the images, or a folder of others. */
export function parseValidation(text: string): Validation {
  const share = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isNaN(share) && !/^[\d.]+ ?%$/.test(text)) return text;
  if (share > 0 && share < 1) return share;
  throw usageError('bad-option', `--validation ${text} is no share of the images`, {
    where: { field: 'validation' },
    hint: 'give a share between 0 and 1, such as 0.1, or a folder',
  });
}

export function parseLearningRate(text: string): number {
  const rate = text.trim() === '' ? Number.NaN : Number(text);
  if (rate > 0 && Number.isFinite(rate)) return rate;
  throw usageError('bad-option', `--learning-rate "${text}" is no number above 0`, {
    where: { field: 'learningRate' },
  });
}

/** Parts of a model, each once and in the order of the options; `all` stands alone. */
export function parseTrain(text: string): TuneOptions['train'] {
  const named = text.split(',').map((part) => part.trim());
  const isPart = (part: string): part is TrainPart => TRAIN_PARTS.some((known) => known === part);
  const strange = named.find((part) => !isPart(part));
  if (strange === undefined && !(named.includes('all') && named.some((part) => part !== 'all')))
    return TRAIN_PARTS.filter((part) => named.includes(part));
  const message =
    strange === undefined ? `"${text}" names more than all` : `"${strange}" is no part of a model that can be trained`;
  throw usageError('bad-option', `--train: ${message}`, {
    where: { field: 'train' },
    hint: 'give modules, head, norms or several of them with commas between, or all',
  });
}
