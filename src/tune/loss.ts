import type { Scalar, Tensor2D } from '@tensorflow/tfjs-core';
import { inputError, usageError } from '../errors.js';
import { readCompiledLoss } from '../model/compiled-loss.js';
import type { Model } from '../model/model.js';
import { plural } from '../plural.js';
import type { TensorFlow } from '../runtime/tensorflow.js';
import type { FinalActivation } from './final-activation.js';

/** Comparison of a model's output with the labels. */
export interface Loss {
  readonly kind: 'categorical' | 'binary';
  /** Meaning of the output's numbers. */
  readonly output: 'logits' | 'probabilities';
  readonly labelSmoothing: number;
  readonly units: number;
  /** The loss that the model was compiled with, where it is no cross-entropy. */
  readonly insteadOf: string | undefined;
}

/** Keras' epsilon: probabilities are kept so far away from 0 and 1 before a logarithm is taken. */
const EPSILON = 1e-7;

/**
 * Chooses the cross-entropy that fits a model: by its compile settings, else by its output. A softmax is categorical, a
 * sigmoid or a single unit binary; any other output gives logits.
 * @param outputs shapes of the model's outputs
 * @throws RetrofitError `several-outputs`, `not-a-classifier`
 */
export function chooseLoss(
  { path, trainingConfig }: Model,
  outputs: readonly (readonly (number | null)[])[],
  activation: FinalActivation,
): Loss {
  const where = { file: path };
  if (outputs.length !== 1) {
    throw inputError('several-outputs', `the model has ${outputs.length} outputs: which one to train is not known`, {
      where,
      hint: 'tune trains models with one output, of one number a class',
    });
  }
  const [, units, ...more] = outputs[0]!;
  const compiled = readCompiledLoss(trainingConfig);
  const kind = compiled.kind ?? (activation === 'sigmoid' || units === 1 ? 'binary' : 'categorical');
  if (units === undefined || units === null || more.length > 0) {
    const shape = outputs[0]!.slice(1).map((size) => size ?? '?');
    throw inputError('not-a-classifier', `the output of the model has the shape [${shape.join(', ')}]`, {
      where,
      hint: 'tune trains models that give one number a class, or by a sigmoid one number for two classes',
    });
  }
  if (units === 1 && (kind === 'categorical' || activation === 'softmax')) throw alwaysOne(path, activation);
  const isLogits = compiled.fromLogits ?? activation === 'linear';
  return {
    kind,
    output: isLogits ? 'logits' : 'probabilities',
    labelSmoothing: compiled.labelSmoothing,
    units,
    insteadOf: compiled.other,
  };
}

const alwaysOne = (path: string, activation: FinalActivation) =>
  inputError(
    'not-a-classifier',
    `the output of the model is one number, ${
      activation === 'softmax' ? 'of which a softmax makes 1' : 'and it was compiled with a loss for one number a class'
    }: that tells no classes apart`,
    { where: { file: path }, hint: 'for the classes of the folders, give it a new last layer: --head new' },
  );

/** @throws RetrofitError `one-class` */
export function checkLabels(classes: readonly string[], labels: ReadonlySet<number | undefined>, folder: string): void {
  if (labels.size > 1) return;
  throw inputError('one-class', `all images are of one class, "${classes[[...labels][0] ?? 0] ?? ''}"`, {
    where: { file: folder },
    hint: 'give a folder that holds one folder of images for each class',
  });
}

/**
 * Refuses classes that are not those of the output.
 * @throws RetrofitError `wrong-class-count`, `one-class`
 */
export function checkClasses(
  { units }: Loss,
  classes: readonly string[],
  labels: ReadonlySet<number | undefined>,
  folder: string,
): void {
  const wanted = Math.max(units, 2);
  const where = { file: folder };
  checkLabels(classes, labels, folder);
  if (classes.length === wanted) return;
  const output = units === 1 ? 'one unit, for two classes' : `${units} units, one a class`;
  throw usageError(
    'wrong-class-count',
    `the images are of ${plural(classes.length, 'class', 'classes')}, and the output of the model has ${output}`,
    {
      where,
      hint: 'name all classes in the order of the output units with --labels, folders of images may be missing; for other classes, give it a new last layer: --head new',
    },
  );
}

/** The class of each image of a batch: its greatest output, or the side of one half on which the only output lies. */
export const answersOf = (tf: TensorFlow['tf'], { output: kind, units }: Loss, output: Tensor2D): ArrayLike<number> =>
  units === 1
    ? tf.tidy(() => tf.greater(output, kind === 'logits' ? 0 : 0.5).dataSync())
    : tf.tidy(() => tf.argMax(output, 1).dataSync());

/** Counts the images whose class the output names. */
export function countCorrect(tf: TensorFlow['tf'], loss: Loss, output: Tensor2D, labels: readonly number[]): number {
  const found = answersOf(tf, loss, output);
  return labels.filter((label, index) => found[index] === label).length;
}

/**
 * The mean cross-entropy of a batch, as Keras computes it.
 * @param output [images, units]
 */
export function meanLoss(tf: TensorFlow['tf'], loss: Loss, output: Tensor2D, labels: readonly number[]): Scalar {
  const { kind, units, labelSmoothing } = loss;
  const targets = tf.tensor2d(targetValues(loss, labels), [labels.length, units]);
  const softened = kind === 'binary' ? 0.5 : 1 / units;
  const smooth = tf.add(tf.mul(targets, 1 - labelSmoothing), labelSmoothing * softened);
  if (kind === 'categorical') {
    const logarithms = loss.output === 'logits' ? tf.logSoftmax(output) : tf.log(clipped(tf, shares(tf, output)));
    return tf.neg(tf.mean<Scalar>(tf.sum(tf.mul(smooth, logarithms), 1)));
  }
  const likely = loss.output === 'logits' ? output : logitsOf(tf, clipped(tf, output));
  return tf.mean<Scalar>(tf.sub(tf.softplus(likely), tf.mul(likely, smooth)));
}

function targetValues({ units }: Loss, labels: readonly number[]): Float32Array {
  if (units === 1) return Float32Array.from(labels);
  const values = new Float32Array(labels.length * units);
  labels.forEach((label, index) => {
    values[index * units + label] = 1;
  });
  return values;
}

const shares = (tf: TensorFlow['tf'], output: Tensor2D): Tensor2D => tf.div(output, tf.sum(output, 1, true));

const clipped = (tf: TensorFlow['tf'], output: Tensor2D): Tensor2D => tf.clipByValue(output, EPSILON, 1 - EPSILON);

const logitsOf = (tf: TensorFlow['tf'], output: Tensor2D): Tensor2D =>
  tf.sub(tf.log(output), tf.log(tf.sub(1, output)));
