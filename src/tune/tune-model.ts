import type { LayerVariable } from '@tensorflow/tfjs-layers';
import { refusal } from '../errors.js';
import {
  type ImageSize,
  imageBatches,
  type KeptPixels,
  keepPixels,
  type SkippedImage,
} from '../images/image-batches.js';
import { randomNumbers, shuffled } from '../random.js';
import type { TensorFlow } from '../runtime/tensorflow.js';
import { type Adam, cosineRate, createAdam } from './adam.js';
import { augment } from './augment.js';
import type { Checkpoint, Epoch, Judged } from './checkpoint.js';
import type { LabelledImages } from './labelled-images.js';
import type { Network } from './network.js';
import { type Look, plainLook, rememberSeen } from './seen-images.js';
import { type BatchResult, judgeBatch, trainStep } from './train-step.js';
import type { TunedWeight } from './trained-weights.js';
import type { TuneOptions } from './tune-options.js';

/** State that an epoch leaves to the next. */
interface Memory {
  readonly kept: KeptPixels;
  readonly look: Look;
}

export interface TuneTask {
  readonly tensorflow: TensorFlow;
  readonly network: Network;
  readonly size: ImageSize;
  readonly images: LabelledImages;
  readonly options: TuneOptions;
  /** Images that were decoded before. */
  readonly kept?: KeptPixels;
  /** Where an earlier run stopped. */
  readonly from?: Checkpoint | undefined;
}

/** Progress of a run. */
export interface Progress {
  readonly epoch: number;
  readonly step: number;
  /** Steps of one epoch. */
  readonly steps: number;
  /** The mean of the epoch so far. */
  readonly loss: number;
}

export interface TuneEvents {
  readonly onStep: (progress: Progress) => void;
  readonly onEpoch: (epoch: Epoch) => void;
  /** Called once for each image that cannot be decoded. */
  readonly onSkipped: (image: SkippedImage) => void;
  /** Keeps the state that a later run needs to go on from here; without it nothing is gathered. */
  readonly onCheckpoint?: ((state: Omit<Checkpoint, 'given'>) => Promise<void>) | undefined;
}

export interface TuneResult {
  /** Evaluation before the training, of a new head as it was fitted; on the validation images, as everything here. */
  readonly before: Judged;
  readonly after: Judged;
  readonly epochs: readonly Epoch[];
  /** The epoch whose weights these are; 0: the new head alone, as it was fitted. */
  readonly best: number;
  readonly skipped: readonly SkippedImage[];
  /** Trained weights and moving averages by `weightKey`. */
  readonly values: ReadonlyMap<string, Float32Array>;
}

/**
 * Trains a network, and gives the weights of its best epoch. Everything random comes from the seed, by epoch and step: a run
 * that goes on from a checkpoint comes to the very result of one that was never interrupted, where the backend adds up in
 * the same order each time.
 * @throws RetrofitError `not-finite` when a loss is no number
 */
export async function tuneModel(task: TuneTask, events: TuneEvents): Promise<TuneResult> {
  const { network, options, from } = task;
  const { trained, followed } = network.weights;
  const weights = [...trained, ...followed];
  const adam = createAdam(
    task.tensorflow.tf,
    trained.map(({ variable }) => variable),
  );
  const skipped = new Map((from?.skipped ?? []).map((image) => [image.path, image]));
  const onSkipped = (image: SkippedImage) => {
    if (skipped.has(image.path)) return;
    skipped.set(image.path, image);
    events.onSkipped(image);
  };
  if (from !== undefined) restore(task.tensorflow, weights, adam, from.values);
  const memory = { kept: task.kept ?? keepPixels(), look: rememberSeen(task.tensorflow, network, task.size) };
  const before = from === undefined ? await judgeAll(task, memory, onSkipped) : from.before;
  const epochs: Epoch[] = [...(from?.epochs ?? [])];
  const keepsCheckpoints = events.onCheckpoint !== undefined;
  let best = from === undefined ? await valuesOf(weights) : prefixed(from.values, 'best/');
  while (epochs.length < options.epochs && !isTired(before, epochs, options)) {
    const epoch = epochs.length + 1;
    const training = await trainEpoch(task, memory, adam, epoch, { ...events, onSkipped });
    const validation = await judgeAll(task, memory, onSkipped);
    if (!Number.isFinite(validation.loss)) throw notFinite('validation', epoch, keepsCheckpoints);
    epochs.push({ epoch, ...training, validationLoss: validation.loss, validationAccuracy: validation.accuracy });
    if (bestEpoch(before, epochs, options) === epoch) best = await valuesOf(weights);
    events.onEpoch(epochs.at(-1)!);
    if (events.onCheckpoint === undefined) continue;
    const values = await allValues(weights, adam, best);
    await events.onCheckpoint({ before, epochs, skipped: [...skipped.values()], values });
  }
  adam.dispose();
  const found = bestEpoch(before, epochs, options);
  const after = judgements(before, epochs)[found]!;
  return { before, after, epochs, best: found, skipped: [...skipped.values()], values: best };
}

/** Evaluations on the validation images: before the training, and after each epoch. */
const judgements = (before: Judged, epochs: readonly Epoch[]): readonly Judged[] => [
  before,
  ...epochs.map(({ validationLoss, validationAccuracy }) => ({ loss: validationLoss, accuracy: validationAccuracy })),
];

/**
 * Returns the epoch with the best validation result, the first of equals; of equal accuracies the lowest loss. The
 * untrained model is not one of them: 0 is returned only for a new head that was fitted.
 */
function bestEpoch(before: Judged, epochs: readonly Epoch[], { best, head }: TuneOptions): number {
  const found = judgements(before, epochs);
  const isBetter = (one: Judged, other: Judged) =>
    best === 'loss' || one.accuracy === other.accuracy ? one.loss < other.loss : one.accuracy > other.accuracy;
  const first = head === 'new' ? 0 : 1;
  return found.reduce(
    (winner, each, epoch) => (epoch > first && isBetter(each, found[winner]!) ? epoch : winner),
    first,
  );
}

const isTired = (before: Judged, epochs: readonly Epoch[], options: TuneOptions): boolean =>
  options.patience !== undefined &&
  epochs.length > 0 &&
  epochs.length - bestEpoch(before, epochs, options) >= options.patience;

async function trainEpoch(
  { tensorflow, network, size, images, options }: TuneTask,
  { kept, look }: Memory,
  adam: Adam,
  epoch: number,
  { onStep, onSkipped, onCheckpoint }: Omit<TuneEvents, 'onEpoch'>,
): Promise<Judged> {
  const { batch, seed, preprocess, epochs, learningRate } = options;
  const order = shuffled(images.training, randomNumbers(seed, `tune/order/${epoch}`));
  const changes = randomNumbers(seed, `tune/augment/${epoch}`);
  const steps = Math.ceil(order.length / batch);
  const looks = options.flip || options.shift > 0 ? plainLook(tensorflow, network, size) : look;
  const sum = runningMean();
  let step = 0;
  for await (const decoded of imageBatches(order, { size, batch, preprocess, onSkipped, kept })) {
    augment(decoded.pixels, size, options, changes);
    const number = (epoch - 1) * steps + step++;
    const rate = cosineRate(learningRate, number, epochs * steps);
    const random = randomNumbers(seed, `tune/step/${number}`);
    const result = trainStep(tensorflow, network, adam, decoded, size, { number, rate, random }, looks);
    if (!Number.isFinite(result.loss)) throw notFinite('training', epoch, onCheckpoint !== undefined, step);
    const { loss } = sum.add(result);
    onStep({ epoch, step, steps, loss });
  }
  return sum.mean();
}

/** Loss and accuracy over the validation's images. */
async function judgeAll(
  { tensorflow, network, size, images, options: { batch, preprocess } }: TuneTask,
  { kept, look }: Memory,
  onSkipped: (image: SkippedImage) => void,
): Promise<Judged> {
  const sum = runningMean();
  for await (const decoded of imageBatches(images.validation, { size, batch, preprocess, onSkipped, kept }))
    sum.add(judgeBatch(tensorflow, network, decoded, size, look));
  return sum.mean();
}

function runningMean() {
  let [loss, correct, images] = [0, 0, 0];
  const mean = (): Judged => ({ loss: loss / images, accuracy: correct / images });
  return {
    mean,
    add: (batch: BatchResult): Judged => {
      loss += batch.loss * batch.images;
      correct += batch.correct;
      images += batch.images;
      return mean();
    },
  };
}

async function valuesOf(weights: readonly TunedWeight[]): Promise<ReadonlyMap<string, Float32Array>> {
  const read = weights.map(async ({ key, variable }) => [key, await readValues(variable)] as const);
  return new Map(await Promise.all(read));
}

// Copied: a backend may hand out its own memory.
const readValues = async (variable: Pick<LayerVariable, 'read'>): Promise<Float32Array> =>
  Float32Array.from(await variable.read().data());

/** Lists all tensors that a checkpoint keeps: weights, moments, and the best weights so far. */
async function allValues(
  weights: readonly TunedWeight[],
  adam: Adam,
  best: ReadonlyMap<string, Float32Array>,
): Promise<ReadonlyMap<string, Float32Array>> {
  const now = [...(await valuesOf(weights))].map(([key, values]) => [`now/${key}`, values] as const);
  const moments = await Promise.all(
    listMoments(adam).map(async ([name, variable]) => [name, Float32Array.from(await variable.data())] as const),
  );
  return new Map([...now, ...moments, ...[...best].map(([key, values]) => [`best/${key}`, values] as const)]);
}

const listMoments = ({ first, second }: Adam) => [
  ...first.map((variable, index) => [`first/${index}`, variable] as const),
  ...second.map((variable, index) => [`second/${index}`, variable] as const),
];

function restore(
  { tf }: TensorFlow,
  weights: readonly TunedWeight[],
  adam: Adam,
  values: ReadonlyMap<string, Float32Array>,
): void {
  const targets = [
    // Not by the layer's own way to write: that would apply constraints once more.
    ...weights.map(({ key, variable }) => [`now/${key}`, variable.read()] as const),
    ...listMoments(adam),
  ];
  for (const [name, variable] of targets) {
    const stored = tf.tensor(values.get(name)!, variable.shape);
    (variable as (typeof adam.first)[number]).assign(stored);
    stored.dispose();
  }
}

const prefixed = (values: ReadonlyMap<string, Float32Array>, prefix: string): ReadonlyMap<string, Float32Array> =>
  new Map(
    [...values].flatMap(([name, own]) => (name.startsWith(prefix) ? [[name.slice(prefix.length), own] as const] : [])),
  );

const notFinite = (which: 'training' | 'validation', epoch: number, keepsCheckpoints: boolean, step?: number) =>
  refusal(
    'not-finite',
    `the loss of the ${which} is no number any more, in epoch ${epoch}${step === undefined ? '' : `, step ${step}`}`,
    {
      hint:
        keepsCheckpoints && epoch > 1
          ? `nothing was written; --resume --force with a lower --learning-rate goes on from the checkpoint of epoch ${epoch - 1}`
          : 'nothing was written; try a lower --learning-rate',
    },
  );
