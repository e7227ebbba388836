import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import { RetrofitError } from '../errors.js';
import { type BatchOptions, imageBatches } from '../images/image-batches.js';
import type { ImageFile, ImageFolder } from '../images/read-image-folder.js';
import type { Model } from '../model/model.js';
import type { LoadedModel } from '../runtime/load-model.js';
import { makePredictor } from '../runtime/predictor.js';
import type { TensorFlow } from '../runtime/tensorflow.js';
import { findFinalActivation } from './final-activation.js';
import { chooseLoss, countCorrect, type Loss } from './loss.js';

/** Accuracy on the same images before and after a change, as shares from 0 to 1. */
export interface AccuracyKept {
  readonly before: number;
  readonly after: number;
}

/** Reason why no accuracy can be computed. */
export type NoAccuracy =
  | { readonly missing: 'labels' }
  | { readonly missing: 'classifier' }
  | { readonly missing: 'classes'; readonly folders: number; readonly units: number };

/** Counts the images of a batch that a model's output classifies right; runs inside a `tf.tidy`. */
export type Judge = (output: Tensor, labels: readonly number[]) => number;

/**
 * Returns the judge of a model's answers on labelled images, or why there is none.
 * @param loss the model's own, as `findLoss` has it
 */
export function findJudge({ tf }: TensorFlow, loss: Loss | undefined, { classes }: ImageFolder): Judge | NoAccuracy {
  if (classes.length === 0) return { missing: 'labels' };
  if (loss === undefined) return { missing: 'classifier' };
  const units = Math.max(loss.units, 2);
  if (classes.length !== units) return { missing: 'classes', folders: classes.length, units };
  return (output, labels) => countCorrect(tf, loss, output as Tensor2D, labels);
}

/**
 * Counts the images that a model classifies right.
 * @throws RetrofitError `no-images`
 */
export async function countRight(
  tensorflow: TensorFlow,
  { runs }: LoadedModel,
  judge: Judge,
  images: readonly ImageFile[],
  options: BatchOptions,
): Promise<number> {
  const { height, width, channels } = options.size;
  const { tf } = tensorflow;
  const { predict, end } = makePredictor(tensorflow, runs);
  let right = 0;
  try {
    for await (const batch of imageBatches(images, options)) {
      const labels = batch.images.map(({ label }) => label!);
      right += tf.tidy(() =>
        judge(predict([tf.tensor4d(batch.pixels, [labels.length, height, width, channels])])[0]!, labels),
      );
    }
  } finally {
    end();
  }
  return right;
}

/** Finds the loss by which the model's output names a class; undefined where it names none. */
export function findLoss(original: Model, { runs, model }: LoadedModel): Loss | undefined {
  try {
    const shapes = runs.outputs.map(({ shape }) => shape);
    return chooseLoss(original, shapes, findFinalActivation(model).activation);
  } catch (error) {
    if (error instanceof RetrofitError) return undefined;
    throw error;
  }
}
