import type { Tensor2D } from '@tensorflow/tfjs-core';
import { RetrofitError } from '../errors.js';
import { type BatchOptions, imageBatches } from '../images/image-batches.js';
import type { ImageFolder } from '../images/list-images.js';
import type { Model } from '../model/model.js';
import type { LoadedModel } from '../runtime/load-model.js';
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

/**
 * Computes the accuracy of two models on labelled images.
 * @returns the reason where the images' classes are not the model's
 * @throws RetrofitError `no-images`
 */
export async function compareAccuracy(
  { tf }: TensorFlow,
  original: Model,
  before: LoadedModel,
  after: LoadedModel,
  { classes, images }: ImageFolder,
  options: BatchOptions,
): Promise<AccuracyKept | NoAccuracy> {
  if (classes.length === 0) return { missing: 'labels' };
  const loss = findLoss(original, before);
  if (loss === undefined) return { missing: 'classifier' };
  const units = Math.max(loss.units, 2);
  if (classes.length !== units) return { missing: 'classes', folders: classes.length, units };
  const { height, width, channels } = options.size;
  const right = { before: 0, after: 0 };
  let count = 0;
  for await (const batch of imageBatches(images, options)) {
    const labels = batch.images.map(({ label }) => label!);
    const correctOf = ({ runs }: LoadedModel) =>
      tf.tidy(() => {
        const output = runs.predictOnBatch(tf.tensor4d(batch.pixels, [labels.length, height, width, channels]));
        return countCorrect(tf, loss, output as Tensor2D, labels);
      });
    right.before += correctOf(before);
    right.after += correctOf(after);
    count += labels.length;
  }
  return { before: right.before / count, after: right.after / count };
}

/** Finds the loss by which the model's output names a class; undefined where it names none. */
function findLoss(original: Model, { runs, model }: LoadedModel): Loss | undefined {
  try {
    const shapes = runs.outputs.map(({ shape }) => shape);
    return chooseLoss(original, shapes, findFinalActivation(model).activation);
  } catch (error) {
    if (error instanceof RetrofitError) return undefined;
    throw error;
  }
}
