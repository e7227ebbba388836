import type { ImageBatch } from '../../src/images/image-batches.js';
import { type Model, replaceWeights } from '../../src/index.js';
import { randomNumbers } from '../../src/random.js';
import { imageSize } from '../../src/runtime/image-input.js';
import { loadModel } from '../../src/runtime/load-model.js';
import type { TensorFlow } from '../../src/runtime/tensorflow.js';
import { cosineRate, createAdam } from '../../src/tune/adam.js';
import { makeNetwork } from '../../src/tune/network.js';
import { trainStep } from '../../src/tune/train-step.js';
import type { TrainPart, TuneOptions } from '../../src/tune/tune-options.js';

/** Images [n, height, width, channels] and their labels. */
export interface Examples {
  readonly pixels: Float32Array;
  readonly labels: readonly number[];
}

/** Images that say something about their labels, the same for each seed. */
export function makeExamples(count: number, pixels: number, classes: number, seed: number): Examples {
  const random = randomNumbers(seed, 'examples');
  const labels = Array.from({ length: count }, (_, index) => index % classes);
  const values = labels.flatMap((label) =>
    Array.from({ length: pixels }, (_, at) => Math.sin(at * (label + 1) * 0.7) * 0.5 + random() * 2 - 1),
  );
  return { pixels: Float32Array.from(values), labels };
}

/** Trains a model for one pass over the examples, in their order; gives the losses and the model with its new weights. */
export async function trainOnce(
  tensorflow: TensorFlow,
  model: Model,
  { pixels, labels }: Examples,
  {
    batch,
    learningRate,
    train,
  }: Pick<TuneOptions, 'batch' | 'learningRate'> & { readonly train: TrainPart | readonly TrainPart[] },
): Promise<{ readonly losses: readonly number[]; readonly model: Model; readonly tensors: readonly number[] }> {
  const loaded = await loadModel(tensorflow, model);
  const size = imageSize(loaded.runs, model.path);
  const network = makeNetwork(tensorflow, model, loaded, [train].flat());
  const { trained, followed } = network.weights;
  const adam = createAdam(
    tensorflow.tf,
    trained.map(({ variable }) => variable),
  );
  const length = pixels.length / labels.length;
  const steps = Math.ceil(labels.length / batch);
  const losses: number[] = [];
  const tensors: number[] = [];
  for (let number = 0; number < steps; number++) {
    const part = labels.slice(number * batch, (number + 1) * batch);
    const images: ImageBatch = {
      pixels: pixels.subarray(number * batch * length, (number * batch + part.length) * length),
      images: part.map((label) => ({ path: '', label })),
    };
    const step = { number, rate: cosineRate(learningRate, number, steps), random: randomNumbers(1, String(number)) };
    losses.push(trainStep(tensorflow, network, adam, images, size, step).loss);
    tensors.push(tensorflow.tf.memory().numTensors);
  }
  const values = new Map(
    [...trained, ...followed].map(({ key, variable }) => [key, variable.read().dataSync() as Float32Array] as const),
  );
  adam.dispose();
  return { losses, tensors, model: replaceWeights(model, values) };
}
