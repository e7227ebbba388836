import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import type { ImageFolder } from '../images/read-image-folder.js';
import { type ExcitedModule, type ExciteOptions, exciteModel } from '../runtime/excite-model.js';
import { holdGates } from '../runtime/hold-gates.js';
import type { LoadedModel } from '../runtime/load-model.js';
import type { TensorFlow } from '../runtime/tensorflow.js';
import { answersOf, type Loss } from './loss.js';

/** The class that a model names for each image, in the order in which they come; undefined for one that names none. */
export interface Answers {
  readonly take: (output: Tensor) => void;
  readonly list: readonly number[] | undefined;
}

/** @param loss the model's own, as `findLoss` has it */
export function collectAnswers({ tf }: TensorFlow, loss: Loss | undefined): Answers {
  if (loss === undefined) return { take: () => {}, list: undefined };
  const list: number[] = [];
  return { take: (output) => list.push(...Array.from(answersOf(tf, loss, output as Tensor2D))), list };
}

/**
 * Computes once more, with the gates of some modules at their means.
 * @returns the share of the answers that are others than before
 */
export async function changedShare(
  tensorflow: TensorFlow,
  loss: Loss | undefined,
  loaded: LoadedModel,
  images: ImageFolder,
  held: readonly ExcitedModule[],
  before: readonly number[],
  options: ExciteOptions,
): Promise<number> {
  const after = collectAnswers(tensorflow, loss);
  const end = holdGates(tensorflow, loaded, held);
  try {
    await exciteModel(tensorflow, loaded, images, { ...options, onOutput: after.take });
  } finally {
    end();
  }
  return before.filter((answer, index) => answer !== after.list![index]).length / before.length;
}
