import { type Command, Option } from 'commander';
import { usageError } from '../errors.js';
import { PREPROCESS_NAMES, type Preprocess } from '../images/preprocess.js';
import { OPEN_SIDE } from '../model/image-input.js';
import { BACKEND_CHOICES, type BackendChoice } from '../runtime/backend-names.js';
import type { Flags } from './flags.js';

// Importing this must stay cheap: --help needs it.

/** Flags of every command that computes. */
export interface ComputeFlags {
  readonly backend: BackendChoice;
  readonly batch: number;
  readonly seed: number;
  readonly json?: boolean;
}

/** Flags of every command that uses images. */
export interface ImageFlags {
  readonly preprocess?: Preprocess;
  readonly labels?: string;
  /** Side to which images are scaled where the model leaves it open. */
  readonly imageSize?: number;
}

/** The options that the commands on images have in common, as a report names them; null for those not given. */
export const reportedOptions = ({
  weights,
  allowLinks,
  backend,
  batch,
  seed,
  preprocess,
  labels,
  imageSize,
}: ComputeFlags & ImageFlags & Pick<Flags, 'weights' | 'allowLinks'>) => ({
  weights: weights ?? null,
  allowLinks: allowLinks ?? false,
  backend,
  batch,
  seed,
  preprocess: preprocess ?? null,
  labels: labels ?? null,
  imageSize: imageSize ?? null,
});

export function addComputeOptions(command: Command): void {
  command
    .addOption(new Option('--backend <backend>', 'what computes').choices(BACKEND_CHOICES).default('auto'))
    .option('--batch <number>', 'images computed at once', wholeNumber('batch', 1), 32)
    .option('--seed <number>', 'seed of everything that is drawn at random', wholeNumber('seed', 0), 1);
}

export function addImageOptions(command: Command): void {
  addPreprocessOption(command);
  command
    .option('--labels <file>', 'class names in the order of the output units, one a line (default: sorted)')
    .option(
      '--image-size <pixels>',
      `the side of the images, for a model that takes any size (default: ${OPEN_SIDE})`,
      wholeNumber('image-size', 1),
    );
}

export function addPreprocessOption(command: Command): void {
  command.addOption(
    new Option('--preprocess <how>', 'what pixels become (default: none if the model rescales, else unit)').choices(
      PREPROCESS_NAMES,
    ),
  );
}

/** Reads a flag that is a whole number of at least so much. */
export const wholeNumber =
  (flag: string, least: number) =>
  (text: string): number => {
    const number = /^\d+$/.test(text.trim()) ? Number(text) : Number.NaN;
    if (number >= least && number < 2 ** 32) return number;
    throw usageError('bad-option', `--${flag} "${text}" is no whole number of at least ${least}`, {
      where: { field: flag },
      hint: `give a whole number from ${least}`,
    });
  };

const SHARE_HINT = 'give a share, such as 0.05 for 5 %';

/** Reads a flag that is a share of a whole. */
export const shareOf =
  (flag: string) =>
  (text: string): number => {
    const share = amountOf(flag, SHARE_HINT)(text);
    if (share <= 1) return share;
    throw usageError('bad-option', `--${flag} ${text} is more than the whole`, {
      where: { field: flag },
      hint: SHARE_HINT,
    });
  };

/** Reads a flag that is a number of at least zero. */
export const amountOf =
  (flag: string, hint = 'give a plain number, such as 0.001 or 1e-3') =>
  (text: string): number => {
    const number = text.trim() === '' ? Number.NaN : Number(text);
    if (number >= 0 && number < Number.POSITIVE_INFINITY) return number;
    throw usageError('bad-option', `--${flag} "${text}" is no number of at least 0`, {
      where: { field: flag },
      hint,
    });
  };
