import type { Tensor4D, Variable } from '@tensorflow/tfjs-core';
import type { ImageBatch, ImageSize } from '../images/image-batches.js';
import type { TensorFlow } from '../runtime/tensorflow.js';
import type { Adam } from './adam.js';
import { computeGradients } from './gradients.js';
import type { Network } from './network.js';
import { withRandomNumbers } from './seeded-random.js';

/** What came of one batch. */
export interface BatchResult {
  /** The mean over the images. */
  readonly loss: number;
  readonly correct: number;
  readonly images: number;
}

export interface Step {
  /** How many steps there were before. */
  readonly number: number;
  readonly rate: number;
  /** Decides dropout and noise. */
  readonly random: () => number;
}

/** Moves the trained weights once; the loss is the one before the move. A loss that is no number moves nothing. */
export function trainStep(
  { tf }: TensorFlow,
  network: Network,
  adam: Adam,
  batch: ImageBatch,
  size: ImageSize,
  step: Step,
): BatchResult {
  return tf.tidy(() => {
    const labels = labelsOf(batch);
    const seen = network.look(imageTensor(tf, batch, size));
    const variables = network.weights.trained.map(({ variable }) => variable.read() as Variable);
    let correct = 0;
    const { value, gradients } = withRandomNumbers(step.random, () =>
      computeGradients(tf, variables, () => {
        const judged = network.judge(seen, labels, true);
        correct = judged.correct;
        return judged.loss;
      }),
    );
    const loss = value.dataSync()[0]!;
    if (Number.isFinite(loss)) adam.move(gradients, step.rate, step.number);
    return { loss, correct, images: labels.length };
  });
}

/** The loss of a batch as it is, without training. */
export const judgeBatch = ({ tf }: TensorFlow, network: Network, batch: ImageBatch, size: ImageSize): BatchResult =>
  tf.tidy(() => {
    const labels = labelsOf(batch);
    const { loss, correct } = network.judge(network.look(imageTensor(tf, batch, size)), labels, false);
    return { loss: loss.dataSync()[0]!, correct, images: labels.length };
  });

const imageTensor = (tf: TensorFlow['tf'], { pixels, images }: ImageBatch, size: ImageSize): Tensor4D =>
  tf.tensor4d(pixels, [images.length, size.height, size.width, size.channels]);

const labelsOf = ({ images }: ImageBatch): readonly number[] => images.map(({ label }) => label!);
