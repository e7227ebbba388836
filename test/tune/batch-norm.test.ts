import type { NamedTensorMap, Scalar, Tensor, Variable } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { startBackend } from '../../src/runtime/start-backend.js';
import type { TensorFlow } from '../../src/runtime/tensorflow.js';
import { frozenBatchNorm, trainedBatchNorm } from '../../src/tune/batch-norm.js';

const SHAPES = [
  { shape: [4, 5, 6, 3], axis: 3 },
  { shape: [4, 5, 6, 3], axis: -1 },
  { shape: [4, 3, 5, 6], axis: 1 },
  { shape: [8, 3], axis: 1 },
] as const;
const EPSILON = 1e-3;
const CHANNELS = 3;

/** A loaded batch norm with random weights, and an input of a mean and a deviation that are not 0 and 1. */
function makeNorm({ tf, layers }: TensorFlow, { shape, axis }: (typeof SHAPES)[number], hasOwn: boolean) {
  const layer = layers.layers.batchNormalization({ axis, epsilon: EPSILON, scale: hasOwn, center: hasOwn });
  layer.build([...shape]);
  const random = (seed: number, least: number, most: number) =>
    tf.randomUniform([CHANNELS], least, most, 'float32', seed);
  const own = hasOwn ? [random(1, 0.5, 2), random(2, -1, 1)] : [];
  layer.setWeights([...own, random(3, -1, 1), random(4, 0.5, 2)]);
  return { layer, input: tf.add(tf.mul(tf.randomNormal([...shape], 0, 1, 'float32', 5), 3), 2) };
}

type Norm = ReturnType<typeof makeNorm>['layer'];

/** Its formula by the operations of TensorFlow.js, which has the gradients of each. */
function formula({ tf }: TensorFlow, { layer, input }: ReturnType<typeof makeNorm>, axis: number, isOfBatch: boolean) {
  const channels = axis < 0 ? axis + input.rank : axis;
  const shape = input.shape.map((size, index) => (index === channels ? size : 1));
  const others = input.shape.map((_, index) => index).filter((index) => index !== channels);
  const [mean, variance] = layer.getWeights().slice(-2) as [Tensor, Tensor];
  const wide = (tensor: Tensor) => tf.reshape(tensor, shape);
  return (x: Tensor, gamma: Tensor, beta: Tensor) => {
    const center = isOfBatch ? tf.mean(x, others, true) : wide(mean);
    const spread = isOfBatch ? tf.mean(tf.square(tf.sub(x, center)), others, true) : wide(variance);
    const normal = tf.div(tf.sub(x, center), tf.sqrt(tf.add(spread, EPSILON)));
    return tf.add(tf.mul(normal, wide(gamma)), wide(beta));
  };
}

const largestDifference = (one: Float32Array, other: Float32Array): number =>
  Math.max(...one.map((value, at) => Math.abs(value - other[at]!))) / Math.max(...other.map(Math.abs));

describe.each(['cpu', 'wasm'] as const)('a batch norm in training on %s', (backend) => {
  let tensorflow: TensorFlow;
  beforeAll(async () => {
    tensorflow = await startBackend(backend);
  });

  test.each(
    SHAPES.flatMap((place) =>
      [true, false].flatMap((hasOwn) => [true, false].map((isOfBatch) => ({ ...place, hasOwn, isOfBatch }))),
    ),
  )('$shape, axis $axis, gamma and beta: $hasOwn, by the batch: $isOfBatch', ({ hasOwn, isOfBatch, ...place }) => {
    const { tf } = tensorflow;
    const norm = makeNorm(tensorflow, place as (typeof SHAPES)[number], hasOwn);
    const { layer, input } = norm;
    const [gamma, beta] = hasOwn
      ? (layer.getWeights() as [Tensor, Tensor])
      : [tf.ones([CHANNELS]), tf.zeros([CHANNELS])];
    // Weights of the sum, so that no gradient is the same everywhere.
    const weights = tf.randomNormal([...place.shape], 0, 1, 'float32', 6);
    const plain = formula(tensorflow, norm, place.axis, isOfBatch);
    const computed = (x: Tensor) => (isOfBatch ? trainedBatchNorm(tf, layer, x, false) : frozenBatchNorm(tf, layer, x));
    const expected = [
      plain(input, gamma, beta),
      ...tf.grads((...[x, g, b]) => tf.sum(tf.mul(plain(x!, g!, b!), weights)))([input, gamma, beta]),
    ];
    const loss = (x: Tensor) => tf.sum(tf.mul(computed(x), weights));
    const byWeights: NamedTensorMap = hasOwn
      ? tf.variableGrads(() => loss(input) as Scalar, variablesOf(layer)).grads
      : {};
    const byInput = tf.grad(loss)(input);
    const found = [computed(input), byInput, ...variablesOf(layer).map(({ name }) => byWeights[name]!)];
    expect(found.length).toBe(hasOwn ? 4 : 2);
    for (const [index, tensor] of found.entries())
      expect(
        largestDifference(tensor.dataSync() as Float32Array, expected[index]!.dataSync() as Float32Array),
      ).toBeLessThan(1e-5);
  });
});

/** Its gamma and beta, where it has them. */
const variablesOf = (layer: Norm) => layer.trainableWeights.map((weight) => weight.read() as Variable);
