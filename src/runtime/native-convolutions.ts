import type { NamedAttrMap, Tensor } from '@tensorflow/tfjs-core';
import type { BatchNorm, Convolution, ConvolutionUnit } from './convolution-units.js';
import { runOperations } from './native-operations.js';
import type { Clipping } from './quick-gradients.js';
import { replaceKernel } from './replace-kernel.js';
import type { TensorFlow } from './tensorflow.js';

// TensorFlow computes what follows a convolution together with it, as the graphs that Keras makes do: the same numbers, without
// a pass over memory for each. TensorFlow.js does not ask for it. And one gradient of TensorFlow is not to be used.

type Core = TensorFlow['tf'];

const fusing = new WeakSet<object>();

/** Lets convolutions with a bias be computed so, and `fusedUnit`, if the binding can say it: ours can, the one of npm cannot. */
export function fuseConvolutions(tf: Core): void {
  try {
    tf.tidy(() => {
      const one = tf.ones([1, 1, 1, 1]);
      fused(tf, one, one, [1, 1], 'valid', { operation: 'BiasAdd', values: [tf.ones([1])] }, undefined);
    });
  } catch {
    return;
  }
  fusing.add(tf.backend());
  replaceKernel(tf, 'FusedConv2D', 'tensorflow', (own) => (call) => {
    const { x, filter, bias, preluActivationWeights } = call.inputs as Record<string, Tensor | undefined>;
    const { strides, pad, dataFormat, dilations, activation } = call.attrs as NamedAttrMap & {
      readonly dataFormat: string;
      readonly activation: string;
    };
    const isPlain =
      dataFormat === 'NHWC' &&
      (pad === 'same' || pad === 'valid') &&
      [dilations].flat().every((rate) => rate === 1) &&
      preluActivationWeights === undefined;
    const isKnown = activation === 'linear' || activation === 'relu' || activation === 'relu6';
    if (!isPlain || !isKnown || bias?.rank !== 1) return own(call);
    const ending = activation === 'linear' ? undefined : activation;
    return fused(tf, x!, filter!, pairOf(strides), pad as string, { operation: 'BiasAdd', values: [bias] }, ending);
  });
}

/**
 * Computes a convolution, the batch norm behind it, and the activation behind that as one operation.
 * @returns undefined for a unit that TensorFlow has no operation for
 */
export function fusedUnit(tf: Core, unit: ConvolutionUnit): ((input: Tensor) => Tensor) | undefined {
  const { kernel, bias, strides, padding } = unit.convolution as unknown as Convolution;
  if (!fusing.has(tf.backend()) || kernel === undefined) return undefined;
  const run = (input: Tensor, following: Following) =>
    fused(tf, input, kernel.read(), pairOf(strides), padding, following, unit.activation);
  if (unit.norm === undefined) {
    return bias ? (input) => run(input, { operation: 'BiasAdd', values: [bias.read()] }) : undefined;
  }
  if (bias) return undefined;
  const { gamma, beta, movingMean, movingVariance, epsilon } = unit.norm as unknown as BatchNorm;
  return (input) =>
    tf.tidy(() => {
      const { shape } = movingMean;
      const values = [
        gamma?.read() ?? tf.ones(shape as number[]),
        beta?.read() ?? tf.zeros(shape as number[]),
        ...[movingMean.read(), movingVariance.read()],
      ];
      return run(input, { operation: 'FusedBatchNorm', values, epsilon });
    });
}

/** What follows a convolution: a bias, or a batch norm's gamma, beta, mean and variance. */
interface Following {
  readonly operation: 'BiasAdd' | 'FusedBatchNorm';
  readonly values: readonly Tensor[];
  readonly epsilon?: number;
}

const CLIPPINGS = { relu: 'Relu', relu6: 'Relu6' } as const;

function fused(
  tf: Core,
  x: Tensor,
  filter: Tensor,
  strides: readonly [number, number],
  padding: string,
  { operation, values, epsilon = 0 }: Following,
  activation: Clipping | undefined,
): Tensor {
  const attributes = {
    fused_ops: [operation, ...(activation === undefined ? [] : [CLIPPINGS[activation]])],
    num_args: { whole: values.length },
    num_host_args: { whole: 0 },
    strides: { whole: [1, ...strides, 1] },
    padding: padding.toUpperCase(),
    epsilon,
  };
  return runOperations(tf, {
    name: '_FusedConv2D',
    types: ['T'],
    typeLists: { TArgs: values.length },
    attributes,
    inputs: [x, filter, ...values],
    outputs: 1,
  })[0]!;
}

/**
 * Computes the gradient of a 1x1 filter as a product of matrices. oneDNN's, with strides, writes outside its memory for odd
 * batches on several threads (TensorFlow 2.21, from Python too).
 */
export function avoidFilterGradient(tf: Core): void {
  replaceKernel(tf, 'Conv2DBackpropFilter', 'tensorflow', (own) => (call) => {
    const { strides, filterShape, pad } = call.attrs as NamedAttrMap & Record<'filterShape' | 'strides', number[]>;
    const [down, across] = pairOf(strides);
    const [height, width, inputs, outputs] = filterShape as [number, number, number, number];
    if (height !== 1 || width !== 1 || (pad !== 'same' && pad !== 'valid')) return own(call);
    const { x, dy } = call.inputs as Record<'x' | 'dy', Tensor>;
    return tf.tidy(() => {
      const seen = down === 1 && across === 1 ? x : tf.stridedSlice(x, [0, 0, 0, 0], x.shape, [1, down, across, 1]);
      const product = tf.matMul(tf.reshape(seen, [-1, inputs]), tf.reshape(dy, [-1, outputs]), true, false);
      return tf.reshape(product, filterShape);
    });
  });
}

function pairOf(strides: unknown): [number, number] {
  const [down, across = down] = [strides].flat() as [number, number?];
  return [down, across];
}
