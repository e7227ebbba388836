import type { Scalar, Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import type { ImageSize } from '../images/image-batches.js';
import { loaderOf, type Model } from '../model/model.js';
import { findInferenceCalls } from '../runtime/inference-calls.js';
import type { LoadedModel } from '../runtime/load-model.js';
import { isNative } from '../runtime/native-operations.js';
import { runSteps } from '../runtime/steps.js';
import type { TensorFlow } from '../runtime/tensorflow.js';
import { listRunningLayers, modelIn } from '../runtime/watch-layers.js';
import { refuseHiddenNaN } from '../runtime/weights-not-finite.js';
import { findFinalActivation, leaveOutActivation } from './final-activation.js';
import { imagesAtOnce } from './images-at-once.js';
import { chooseLoss, countCorrect, type Loss, meanLoss } from './loss.js';
import { findTrainedWeights, type TrainedWeights } from './trained-weights.js';
import { setTrainingMode } from './training-modes.js';
import { splitSteps } from './training-steps.js';
import type { TuneOptions } from './tune-options.js';

/** A running model that is made ready to be trained, and computes in training as it does in Keras. */
export interface Network {
  readonly loss: Loss;
  readonly weights: TrainedWeights;
  /** Parameters of the whole model, trained or not. */
  readonly parameters: number;
  /** See `imagesAtOnce`. */
  readonly imagesAtOnce: (size: ImageSize) => number;
  /** Whether training has an influence from the first layer on: `look` gives the images themselves. */
  readonly looksAtNothing: boolean;
  /**
   * Computes what no training changes: what `judge` reads, in the order of `Steps.frontier`.
   * @param images [images, height, width, channels]
   */
  readonly look: (images: Tensor) => readonly Tensor[];
  /** Computes a batch's mean loss, with the trained weights' regularisers, and the number of right answers. */
  readonly judge: (seen: readonly Tensor[], labels: readonly number[], isTraining: boolean) => Judgement;
}

export interface Judgement {
  readonly loss: Scalar;
  readonly correct: number;
}

/**
 * Makes a loaded model ready; it is of no other use afterwards.
 * @param original the model as it was read
 * @param isStill whether the network computes as in inference, as Keras has it of a base that is called with
 * `training=False`: without its dropouts, which would blur what a new head reads, and by the statistics that its weights know
 * @throws RetrofitError `not-finite`, `several-outputs`, `not-a-classifier`, and whatever `findTrainedWeights` throws
 */
export function makeNetwork(
  { tf }: TensorFlow,
  original: Model,
  loaded: LoadedModel,
  train: TuneOptions['train'],
  isStill = false,
): Network {
  const { runs, model } = loaded;
  refuseHiddenNaN(tf, loaded);
  const found = findFinalActivation(model);
  const shapes = runs.outputs.map(({ shape }) => shape);
  const chosen = chooseLoss(original, shapes, found.activation);
  const weights = findTrainedWeights(original, loaded, train, isStill);
  setTrainingModes(tf, original, loaded, weights, isStill);
  // Keras leaves the activation out too: the logarithm of a probability rounded to 0 would be lost, and its gradient
  // with it.
  const fits = found.activation === (chosen.kind === 'binary' ? 'sigmoid' : 'softmax');
  const leavesOut = fits && found.path !== undefined;
  if (leavesOut) leaveOutActivation(runs, found.path);
  const loss: Loss = leavesOut ? { ...chosen, output: 'logits' } : chosen;
  const steps = splitSteps(tf, runs, weights.layers, isStill);
  const parameters = {
    all: runs.countParams(),
    trained: weights.trained.reduce((sum, { variable }) => sum + variable.read().size, 0),
  };
  const need = { steps, trained: weights.layers, keeping: weights.keeping, parameters, isNative: isNative(tf) };
  return {
    loss,
    weights,
    parameters: parameters.all,
    looksAtNothing: steps.settled.length === 0,
    imagesAtOnce: (size) => imagesAtOnce(need, size),
    look: (images) => {
      const { input, settled, frontier } = steps;
      return [...runSteps(settled, new Map([[input, images]]), frontier, !isStill).values()];
    },
    judge: (seen, labels, isTraining) => {
      const { others, frontier } = steps;
      const given = new Map(frontier.map((value, index) => [value, seen[index]!]));
      const output = runSteps(others, given, [steps.output], isTraining).get(steps.output) as Tensor2D;
      const penalties = [...weights.layers].flatMap((layer) => layer.calculateLosses());
      return {
        loss: penalties.reduce((sum, penalty) => tf.add(sum, penalty), meanLoss(tf, loss, output, labels)),
        correct: countCorrect(tf, loss, output, labels),
      };
    },
  };
}

function setTrainingModes(
  tf: TensorFlow['tf'],
  original: Model,
  { runs, model }: LoadedModel,
  { layers, keeping }: TrainedWeights,
  isStill: boolean,
): void {
  const isCalledForInference = findInferenceCalls(model);
  for (const { layer, path } of listRunningLayers(runs)) {
    if (modelIn(layer) !== undefined) continue;
    setTrainingMode(tf, layer, {
      isCalledForInference: isCalledForInference(path) || (isStill && !layers.has(layer)),
      isTrained: layers.has(layer),
      keepsStatistics: keeping.has(layer),
      correctsVariance: loaderOf(original.format) === 'keras2',
    });
  }
}
