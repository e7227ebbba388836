import type { NamedTensorMap, Tensor, Variable } from '@tensorflow/tfjs-core';
import type { ImageBatch, ImageSize } from '../images/image-batches.js';
import type { TensorFlow } from '../runtime/tensorflow.js';
import type { Adam } from './adam.js';
import { computeGradients } from './gradients.js';
import type { Network } from './network.js';
import { withRandomNumbers } from './seeded-random.js';
import { type Look, plainLook } from './seen-images.js';

/** Result of one batch. */
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

/**
 * Moves the trained weights once; the loss is the one before the move. A loss that is no number moves nothing. A batch
 * that does not fit into memory at once is computed in parts, whose gradients are added up.
 */
export function trainStep(
  tensorflow: TensorFlow,
  network: Network,
  adam: Adam,
  batch: ImageBatch,
  size: ImageSize,
  step: Step,
  look: Look = plainLook(tensorflow, network, size),
): BatchResult {
  const { tf } = tensorflow;
  const variables = network.weights.trained.map(({ variable }) => variable.read() as Variable);
  const sums = new Map<string, Tensor>();
  const add = (gradients: NamedTensorMap, share: number) => {
    for (const [name, gradient] of Object.entries(gradients)) {
      const before = sums.get(name);
      sums.set(name, tf.keep(tf.tidy(() => addTo(tf, before, gradient, share))));
      tf.dispose(before === undefined ? gradient : [before, gradient]);
    }
  };
  const result = inParts(network, batch, size, (part, share) =>
    tf.tidy(() => {
      const seen = look(part);
      let correct = 0;
      const { value, gradients } = withRandomNumbers(step.random, () =>
        computeGradients(tf, variables, () => {
          const judged = network.judge(seen, labelsOf(part), true);
          correct = judged.correct;
          return judged.loss;
        }),
      );
      add(gradients, share);
      return { loss: value.dataSync()[0]!, correct };
    }),
  );
  if (Number.isFinite(result.loss)) adam.move(Object.fromEntries(sums), step.rate, step.number);
  tf.dispose([...sums.values()]);
  return result;
}

/** The mean of a batch is that of its parts, each by its share of the images. */
const addTo = (tf: TensorFlow['tf'], before: Tensor | undefined, gradient: Tensor, share: number): Tensor => {
  const scaled = share === 1 ? tf.clone(gradient) : tf.mul(gradient, share);
  return before === undefined ? scaled : tf.add(before, scaled);
};

/** The loss of a batch as it is, without training. */
export const judgeBatch = (
  tensorflow: TensorFlow,
  network: Network,
  batch: ImageBatch,
  size: ImageSize,
  look: Look = plainLook(tensorflow, network, size),
): BatchResult =>
  inParts(network, batch, size, (part) =>
    tensorflow.tf.tidy(() => {
      const { loss, correct } = network.judge(look(part), labelsOf(part), false);
      return { loss: loss.dataSync()[0]!, correct };
    }),
  );

/** @param compute returns the result for some of the images, which are a share of all */
function inParts(
  network: Network,
  { pixels, images }: ImageBatch,
  size: ImageSize,
  compute: (part: ImageBatch, share: number) => Omit<BatchResult, 'images'>,
): BatchResult {
  const length = size.height * size.width * size.channels;
  const parts = Math.ceil(images.length / network.imagesAtOnce(size));
  let [loss, correct] = [0, 0];
  for (let part = 0; part < parts; part++) {
    // Of nearly one size, so that none is computed for a single image.
    const [start, end] = [part, part + 1].map((each) => Math.round((each * images.length) / parts)) as [number, number];
    const own = { pixels: pixels.subarray(start * length, end * length), images: images.slice(start, end) };
    const share = (end - start) / images.length;
    const found = compute(own, share);
    loss += found.loss * share;
    correct += found.correct;
  }
  return { loss, correct, images: images.length };
}

const labelsOf = ({ images }: ImageBatch): readonly number[] => images.map(({ label }) => label!);
