import type { Preprocess } from '../images/preprocess.js';

/** What can be trained: see `findTrainedWeights`. */
export const TRAIN_PARTS = ['modules', 'head', 'norms', 'all'] as const;
export type TrainPart = (typeof TRAIN_PARTS)[number];
export const HEAD_CHOICES = ['keep', 'new'] as const;
export const BEST_CHOICES = ['loss', 'accuracy'] as const;

/** How a model is trained. */
export interface TuneOptions {
  readonly epochs: number;
  /** Of the first step; it falls to 0 along half a cosine. */
  readonly learningRate: number;
  /** Whether the last layer is that of the model, or a new one for other classes. */
  readonly head: (typeof HEAD_CHOICES)[number];
  readonly train: readonly TrainPart[];
  /** Images of one step. */
  readonly batch: number;
  /** Of the split, the order of the images, their changes, and dropout. */
  readonly seed: number;
  readonly preprocess: Preprocess;
  /** Whether half of the images are mirrored, left to right. */
  readonly flip: boolean;
  /** How far images are moved at the most, in pixels, up or down and to the sides. */
  readonly shift: number;
  /** How many epochs without a better one end the training; undefined: none do. */
  readonly patience: number | undefined;
  /** By which of the validation's numbers an epoch is the best. */
  readonly best: (typeof BEST_CHOICES)[number];
}

export const TUNE_DEFAULTS = {
  epochs: 5,
  learningRate: 1e-3,
  head: 'keep',
  validation: 0.1,
  shift: 0,
  best: 'loss',
} as const;

/** What is trained where nobody says it. */
export const defaultTrain = (head: TuneOptions['head']): TuneOptions['train'] =>
  head === 'new' ? ['modules', 'head'] : ['modules'];
