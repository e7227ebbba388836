import type { KernelFunc, NamedAttrMap, Rank, Tensor, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';
import { replaceKernel } from './replace-kernel.js';
import type { TensorFlow } from './tensorflow.js';

type Core = TensorFlow['tf'];

/**
 * Gives the wasm backend the gradient kernels of convolutions that it lacks (tensorflow/tfjs issue 8474): without them it
 * trains no convolutional network, not even the dense layers behind frozen convolutions. Each is put together from kernels
 * that the backend has. Registering twice does nothing.
 */
export function registerWasmGradients(tf: Core): void {
  for (const [kernelName, compute] of Object.entries(GRADIENTS)) {
    if (tf.getKernel(kernelName, 'wasm') !== undefined) continue;
    const kernelFunc: KernelFunc = ({ inputs, attrs }) =>
      tf.tidy(() => compute(tf, inputs as unknown as Inputs, attrs as NamedAttrMap));
    tf.registerKernel({ kernelName, backendName: 'wasm', kernelFunc });
  }
  quickenInputGradient(tf);
}

/**
 * Computes the gradient of a convolution's input faster for stride 1, where it is a convolution as well: of the
 * outputs' gradients with the filter turned round. The backend's own kernel takes up to ten times as long.
 */
function quickenInputGradient(tf: Core): void {
  replaceKernel(tf, 'Conv2DBackpropInput', 'wasm', (own) => (given) => {
    const { dy, filter } = given.inputs as unknown as Inputs;
    const attrs = given.attrs as unknown as NamedAttrMap;
    const info = convInfo(tf, attrs.inputShape as Tensor4D['shape'], filter.shape, attrs, false);
    const { top, bottom, left, right } = info.padInfo;
    const margins = [info.filterHeight - 1 - top, info.filterHeight - 1 - bottom] as const;
    const sides = [info.filterWidth - 1 - left, info.filterWidth - 1 - right] as const;
    const isPlain = info.strideHeight === 1 && info.strideWidth === 1 && Math.min(...margins, ...sides) >= 0;
    if (!isPlain || attrs.dataFormat !== 'NHWC') return own(given);
    return tf.tidy(() => {
      const turned = tf.transpose(turnedRound(tf, filter), [0, 1, 3, 2]);
      return tf.conv2d(framed(tf, dy, margins, sides), turned, 1, 'valid');
    });
  });
}

interface Inputs {
  readonly x: Tensor4D;
  readonly dy: Tensor4D;
  readonly filter: Tensor4D;
}

const GRADIENTS: Readonly<Record<string, (tf: Core, inputs: Inputs, attrs: NamedAttrMap) => Tensor>> = {
  Conv2DBackpropFilter: convFilterGradient,
  DepthwiseConv2dNativeBackpropInput: depthwiseInputGradient,
};

export type ConvInfo = ReturnType<Core['backend_util']['computeConv2DInfo']>;

/** Places and margins of a convolution, by the attributes of its kernel. */
export function convInfo(
  tf: Core,
  inputShape: Tensor4D['shape'],
  filterShape: Tensor4D['shape'],
  attrs: NamedAttrMap,
  isDepthwise: boolean,
): ConvInfo {
  return tf.backend_util.computeConv2DInfo(
    inputShape,
    filterShape,
    attrs.strides as [number, number],
    (attrs.dilations as [number, number] | undefined) ?? 1,
    attrs.pad as 'same' | 'valid' | number,
    attrs.dimRoundingMode as 'floor' | 'round' | 'ceil' | undefined,
    isDepthwise,
    'channelsLast',
  );
}

/** A filter of one place is what it is; the backend would take longer to turn it round than to filter with it. */
const turnedRound = (tf: Core, filter: Tensor4D): Tensor4D =>
  filter.shape[0] * filter.shape[1] === 1 ? filter : tf.reverse(filter, [0, 1]);

type Margins = readonly [before: number, behind: number];

/** Zeros around maps. */
const framed = (tf: Core, x: Tensor4D, rows: Margins, columns: Margins): Tensor4D =>
  [...rows, ...columns].every((margin) => margin === 0) ? x : tf.pad4d(x, [[0, 0], [...rows], [...columns], [0, 0]]);

/** The input with zeros around it, so far that every step of the filter lies within. */
function padded(tf: Core, x: Tensor4D, info: ConvInfo): Tensor4D {
  const bottom = Math.max(
    0,
    (info.outHeight - 1) * info.strideHeight + info.effectiveFilterHeight - info.inHeight - info.padInfo.top,
  );
  const right = Math.max(
    0,
    (info.outWidth - 1) * info.strideWidth + info.effectiveFilterWidth - info.inWidth - info.padInfo.left,
  );
  return framed(tf, x, [info.padInfo.top, bottom], [info.padInfo.left, right]);
}

/**
 * [filterHeight, filterWidth, in, out]: a convolution too, of the input's channels as images whose channels are the images,
 * with the outputs as the filter, as far apart as the stride set them. Ten times as fast as a product for each place of the
 * filter. Dilated convolutions have no gradient in TensorFlow.js at all.
 */
function convFilterGradient(tf: Core, { x, dy }: Inputs, attrs: NamedAttrMap): Tensor4D {
  const info = convInfo(tf, x.shape, attrs.filterShape as Tensor4D['shape'], attrs, false);
  const height = (info.outHeight - 1) * info.strideHeight + info.filterHeight;
  const width = (info.outWidth - 1) * info.strideWidth + info.filterWidth;
  const [images, , , channels] = x.shape;
  const seen = tf.slice(padded(tf, x, info), [0, 0, 0, 0], [images, height, width, channels]);
  const byChannel = tf.transpose(seen, [3, 1, 2, 0]) as Tensor4D;
  const outputs = tf.transpose(dy, [1, 2, 0, 3]);
  const apart: [number, number] = [info.strideHeight, info.strideWidth];
  return tf.transpose(tf.conv2d(byChannel, outputs, 1, 'valid', 'NHWC', apart), [1, 2, 0, 3]);
}

/**
 * [n, height, width, in]: the outputs, as far apart as the stride set them, through the filter turned round.
 */
function depthwiseInputGradient(tf: Core, { dy, filter }: Inputs, attrs: NamedAttrMap): Tensor4D {
  const inputShape = attrs.inputShape as Tensor4D['shape'];
  const info = convInfo(tf, inputShape, filter.shape, attrs, true);
  const [height, width, channels, multiplier] = filter.shape;
  const turned = turnedRound(tf, filter);
  const [images, outHeight, outWidth] = dy.shape;
  const byChannel = tf.reshape(dy, [images * outHeight * outWidth, channels, multiplier]);
  const parts = Array.from({ length: multiplier }, (_, index) => {
    const column = tf.slice(byChannel, [0, 0, index], [-1, -1, 1]);
    const outputs = tf.reshape<Rank.R4>(column, [images, outHeight, outWidth, channels]);
    const apart = spreadOut(tf, outputs, info.strideHeight, info.strideWidth);
    const [top, left] = [
      info.effectiveFilterHeight - 1 - info.padInfo.top,
      info.effectiveFilterWidth - 1 - info.padInfo.left,
    ];
    const [bottom, right] = [
      info.inHeight + info.effectiveFilterHeight - 1 - top - apart.shape[1],
      info.inWidth + info.effectiveFilterWidth - 1 - left - apart.shape[2],
    ];
    const within = cutOff(tf, apart, top, left, bottom, right);
    const wide = framed(tf, within, [Math.max(0, top), Math.max(0, bottom)], [Math.max(0, left), Math.max(0, right)]);
    const one = tf.slice(turned, [0, 0, 0, index], [height, width, channels, 1]) as Tensor4D;
    return tf.depthwiseConv2d(wide, one, 1, 'valid', 'NHWC', [info.dilationHeight, info.dilationWidth]);
  });
  return parts.length === 1 ? parts[0]! : tf.addN(parts);
}

/** Zeros behind each pixel and each row, as far as the strides set them apart. */
function spreadOut(tf: Core, x: Tensor4D, strideHeight: number, strideWidth: number): Tensor4D {
  const [images, height, width, channels] = x.shape;
  const row = width * strideWidth * channels;
  const wide = withZerosBehind(tf, tf.reshape(x, [images * height * width, channels]), (strideWidth - 1) * channels);
  const high = withZerosBehind(tf, tf.reshape(wide, [images * height, row]), (strideHeight - 1) * row);
  return tf.reshape(high, [images, height * strideHeight, width * strideWidth, channels]);
}

const withZerosBehind = (tf: Core, x: Tensor2D, zeros: number): Tensor2D =>
  zeros === 0
    ? x
    : tf.pad2d(x, [
        [0, 0],
        [0, zeros],
      ]);

/**
 * Crops by the negative ones of these margins: zeros behind the last pixel, and pixels beyond a padding wider than the
 * filter, which have no gradient.
 */
function cutOff(tf: Core, x: Tensor4D, top: number, left: number, bottom: number, right: number): Tensor4D {
  const [up, before] = [Math.max(0, -top), Math.max(0, -left)];
  const size = [
    x.shape[0],
    x.shape[1] - up - Math.max(0, -bottom),
    x.shape[2] - before - Math.max(0, -right),
    x.shape[3],
  ];
  return up + before + Math.max(0, -bottom) + Math.max(0, -right) === 0
    ? x
    : (tf.slice(x, [0, up, before, 0], size) as Tensor4D);
}
