import type { Preprocess } from '../images/preprocess.js';

/** Parts that can be trained: see `findTrainedWeights`. */
export const TRAIN_PARTS = ['modules', 'head', 'norms', 'all'] as const;
export type TrainPart = (typeof TRAIN_PARTS)[number];
export const HEAD_CHOICES = ['keep', 'new'] as const;
export const BEST_CHOICES = ['loss', 'accuracy'] as const;

/** Options of the training. */
export interface TuneOptions {
  readonly epochs: number;
  /** Learning rate of the first step; it falls to 0 along half a cosine. */
  readonly learningRate: number;
  /** Whether the last layer is that of the model, or a new one for other classes. */
  readonly head: (typeof HEAD_CHOICES)[number];
  readonly train: readonly TrainPart[];
  /** Images of one step. */
  readonly batch: number;
  /** Seed of the split, the order of the images, their changes, and dropout. */
  readonly seed: number;
  readonly preprocess: Preprocess;
  /** Side to which images are scaled where the model leaves it open. */
  readonly imageSize: number | undefined;
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
  head: 'keep',
  validation: 0.1,
  shift: 0,
  best: 'loss',
} as const;

/** Default parts to train. */
export const defaultTrain = (head: TuneOptions['head']): TuneOptions['train'] =>
  head === 'new' ? ['modules', 'head'] : ['modules'];

/**
 * Default learning rate, for other classes one that did well in the experiment of docs/EXPERIMENT.md: all of a network soon
 * moves too far; gamma and beta bear more than modules, and so does a last layer alone. Both together did better with 0.01 there,
 * but at its own 224 x 224 pixels the same network never got over the first steps of that.
 */
export function defaultLearningRate({ head, train }: Pick<TuneOptions, 'head' | 'train'>): number {
  if (head === 'keep') return 1e-3;
  if (train.includes('all')) return 1e-4;
  if (!train.includes('modules')) return 1e-2;
  return train.includes('norms') ? 3e-3 : 1e-3;
}

/** Least number of steps for a new head and the parts trained with it, if that many epochs are not too many. */
const STEPS = 200;

/** Default number of epochs: other classes take longer, and few images have few steps an epoch. */
export function defaultEpochs({ head, batch }: Pick<TuneOptions, 'head' | 'batch'>, images: number): number {
  if (head === 'keep') return 5;
  return Math.min(60, Math.max(20, Math.ceil(STEPS / Math.ceil(images / batch))));
}

/** Default patience: the last of many epochs overfit few images. */
export const defaultPatience = (head: TuneOptions['head']): number | undefined => (head === 'new' ? 10 : undefined);

export const trainsHead = ({ train }: Pick<TuneOptions, 'train'>): boolean =>
  train.includes('head') || train.includes('all');
