import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import type { Model } from '../model/model.js';
import { randomNumbers, shuffled } from '../random.js';
import { imageSize } from '../runtime/image-input.js';
import { loadModel } from '../runtime/load-model.js';
import { cosineRate, createAdam, type MovedWeight } from './adam.js';
import { computeGradients } from './gradients.js';
import { type FitTask, gatherFeatures, type HeadFeatures } from './head-features.js';
import { makeNetwork } from './network.js';

const STEPS = 300;
const BATCH = 64;
/** Learning rate of Adam, over the number of channels: about how far the first step moves an image's logits. */
const RATE = 2;
/** Weight decay: for each channel, over the number of images. */
const DECAY = 0.01;
/** Factor on the initial weights, which know nothing of the classes: they shrink, and still differ. */
const START = 0.1;

/**
 * Fits a new head to the outputs of the unchanged network on the images, before anything is trained. Inputs of a head
 * often have a mean of many times their spread, as outputs of a ReLU are positive: Adam then takes thousands of steps
 * for what takes some hundred if every channel has mean 0 and a spread of about 1. So the weights are moved in
 * normalised terms and written in the layer's own; the layer itself does not change.
 * @returns the head's weights by `weightKey`; none where the network cannot be taken apart before its head
 */
export async function fitNewHead(
  model: Model,
  task: Omit<FitTask, 'network' | 'size'>,
): Promise<ReadonlyMap<string, Float32Array>> {
  const loaded = await loadModel(task.tensorflow, model);
  const network = makeNetwork(task.tensorflow, model, loaded, ['head'], true);
  const size = imageSize(loaded.runs, model.path, task.options.imageSize);
  const values = network.looksAtNothing ? new Map() : await fitHead({ ...task, network, size });
  loaded.runs.dispose();
  return values;
}

async function fitHead(task: FitTask): Promise<ReadonlyMap<string, Float32Array>> {
  const { tensorflow, network, options } = task;
  const { tf } = tensorflow;
  const { trained, layers } = network.weights;
  const features = await gatherFeatures(task);
  const kernel = trained.find(({ variable }) => variable.shape.length > 1)!.variable;
  const bias = trained.find(({ variable }) => variable.shape.length === 1)?.variable;
  const own = [kernel, bias].filter((each) => each !== undefined);
  const channels = kernel.shape.at(-2)!;
  const [layer] = layers as unknown as [{ dataFormat?: string }];
  const found = moments(features, channels, layer.dataFormat === 'channelsFirst');
  // Without a bias nothing can take the mean's place.
  const mean = tf.tensor(bias === undefined ? new Float32Array(channels) : found.mean, [channels, 1]);
  const scale = tf.tensor(found.scale, [channels, 1]);
  const moved = own.map((variable, index) =>
    tf.tidy(() =>
      tf.variable(index === 0 ? tf.mul(tf.div(variable.read(), scale), START) : tf.zerosLike(variable.read())),
    ),
  );
  const adam = createAdam(tf, moved.map(asWeight));
  const random = randomNumbers(options.seed, 'tune/head');
  const batches = endlessBatches(features.labels.length, random);
  for (let step = 0; step < STEPS; step++) {
    const chosen = batches.next().value!;
    const labels = chosen.map((index) => features.labels[index]!);
    tf.tidy(() => {
      writeOwn();
      const variables = own.map((variable) => variable.read() as Variable);
      const seen = tf.stack(chosen.map((index) => tf.tensor(features.values[index]!, [...features.shape])));
      const { gradients } = computeGradients(tf, variables, () => network.judge([seen], labels, false).loss);
      const [ofKernel, ofBias] = variables.map(({ name }) => gradients[name]!) as [Tensor, Tensor?];
      const centred = ofBias === undefined ? ofKernel : tf.sub(ofKernel, tf.mul(mean, ofBias));
      const decay = tf.mul(moved[0]!, (DECAY * channels) / features.labels.length);
      const inTerms = [tf.add(tf.mul(centred, scale), decay), ofBias];
      const byName = moved.map(({ name }, index) => [name, inTerms[index]!] as const);
      adam.move(Object.fromEntries(byName), cosineRate(RATE / channels, step, STEPS), step);
    });
  }
  tf.tidy(writeOwn);
  adam.dispose();
  tf.dispose([mean, scale, ...moved]);
  return new Map(trained.map(({ key, variable }) => [key, Float32Array.from(variable.read().dataSync())] as const));

  function writeOwn(): void {
    const scaled = tf.mul(moved[0]!, scale);
    kernel.write(scaled);
    const axes = scaled.shape.slice(0, -1).map((_, axis) => axis);
    bias?.write(tf.sub(moved[1]!, tf.sum(tf.mul(scaled, mean), axes)));
  }
}

/** The variable as Adam moves it: without constraints, which hold for the layer's own weight. */
const asWeight = (variable: Variable): MovedWeight => ({
  shape: variable.shape,
  read: () => variable,
  write: (value) => variable.assign(value),
});

/**
 * The mean of each channel and one over its spread, over all images and places. What hardly ever moves is not blown up, or
 * the head would learn single images by it: no spread counts as less than the usual one.
 */
function moments({ values }: HeadFeatures, channels: number, comeFirst: boolean) {
  const [sums, squares] = [new Float64Array(channels), new Float64Array(channels)];
  const places = values[0]!.length / channels;
  for (const image of values) {
    for (let at = 0; at < image.length; at++) {
      const channel = comeFirst ? Math.floor(at / places) : at % channels;
      sums[channel]! += image[at]!;
      squares[channel]! += image[at]! ** 2;
    }
  }
  const count = values.length * places;
  const mean = Float32Array.from(sums, (sum) => sum / count);
  const variances = squares.map((square, channel) => Math.max(0, square / count - (sums[channel]! / count) ** 2));
  const usual = Math.sqrt(variances.reduce((sum, variance) => sum + variance, 0) / channels) || 1;
  return { mean, scale: Float32Array.from(variances, (each) => 1 / Math.max(Math.sqrt(each), usual)) };
}

/** Indices of so many images, in another order each time that all had their turn. */
function* endlessBatches(images: number, random: () => number): Generator<readonly number[], never> {
  const size = Math.min(BATCH, images);
  let order: readonly number[] = [];
  for (;;) {
    if (order.length < size) order = [...order, ...shuffled([...Array(images).keys()], random)];
    yield order.slice(0, size);
    order = order.slice(size);
  }
}
