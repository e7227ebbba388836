import type { KernelFunc, NamedAttrMap, Rank, Tensor, Tensor4D } from '@tensorflow/tfjs-core';
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
      const turned = tf.transpose(tf.reverse(filter, [0, 1]), [0, 1, 3, 2]);
      return tf.conv2d(tf.pad4d(dy, [[0, 0], [...margins], [...sides], [0, 0]]), turned, 1, 'valid');
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
  DepthwiseConv2dNativeBackpropFilter: depthwiseFilterGradient,
  DepthwiseConv2dNativeBackpropInput: depthwiseInputGradient,
};

type Info = ReturnType<Core['backend_util']['computeConv2DInfo']>;

function convInfo(
  tf: Core,
  inputShape: Tensor4D['shape'],
  filterShape: Tensor4D['shape'],
  attrs: NamedAttrMap,
  isDepthwise: boolean,
): Info {
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

/** The input with zeros around it, so far that every step of the filter lies within. */
function padded(tf: Core, x: Tensor4D, info: Info): Tensor4D {
  const bottom = Math.max(
    0,
    (info.outHeight - 1) * info.strideHeight + info.effectiveFilterHeight - info.inHeight - info.padInfo.top,
  );
  const right = Math.max(
    0,
    (info.outWidth - 1) * info.strideWidth + info.effectiveFilterWidth - info.inWidth - info.padInfo.left,
  );
  return tf.pad4d(x, [
    [0, 0],
    [info.padInfo.top, bottom],
    [info.padInfo.left, right],
    [0, 0],
  ]);
}

/** Slices the pixels under one place of the filter: every stride-th of [n, h, w, c], as [n, outHeight, outWidth, c]. */
function seenBy(tf: Core, x: Tensor4D, info: Info, row: number, column: number): Tensor4D {
  const begin = [0, row * info.dilationHeight, column * info.dilationWidth, 0];
  const end = [
    x.shape[0],
    begin[1]! + (info.outHeight - 1) * info.strideHeight + 1,
    begin[2]! + (info.outWidth - 1) * info.strideWidth + 1,
    x.shape[3],
  ];
  return tf.stridedSlice(x, begin, end, [1, info.strideHeight, info.strideWidth, 1]) as Tensor4D;
}

/** One tensor a place of the filter, stacked to [height, width, ...]. */
function overFilter(tf: Core, info: Info, gradientAt: (row: number, column: number) => Tensor): Tensor4D {
  const places = Array.from({ length: info.filterHeight * info.filterWidth }, (_, place) =>
    gradientAt(Math.floor(place / info.filterWidth), place % info.filterWidth),
  );
  const shape: number[] = [info.filterHeight, info.filterWidth, ...places[0]!.shape];
  return tf.reshape<Rank.R4>(tf.stack(places), shape as Tensor4D['shape']);
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

/** [filterHeight, filterWidth, in, multiplier]; output channel c * multiplier + m comes from input channel c. */
function depthwiseFilterGradient(tf: Core, { x, dy }: Inputs, attrs: NamedAttrMap): Tensor4D {
  const filterShape = attrs.filterShape as Tensor4D['shape'];
  const info = convInfo(tf, x.shape, filterShape, attrs, true);
  const [channels, multiplier] = [filterShape[2], filterShape[3]];
  const wide = padded(tf, x, info);
  const outputs = tf.reshape(dy, [-1, channels, multiplier]);
  return overFilter(tf, info, (row, column) => {
    const seen = tf.reshape(seenBy(tf, wide, info, row, column), [-1, channels, 1]);
    return tf.sum(tf.mul(seen, outputs), 0);
  });
}

/**
 * [n, height, width, in]: the outputs, as far apart as the stride set them, through the filter turned round.
 */
function depthwiseInputGradient(tf: Core, { dy, filter }: Inputs, attrs: NamedAttrMap): Tensor4D {
  const inputShape = attrs.inputShape as Tensor4D['shape'];
  const info = convInfo(tf, inputShape, filter.shape, attrs, true);
  const [height, width, channels, multiplier] = filter.shape;
  const turned = tf.reverse(filter, [0, 1]);
  const [images, outHeight, outWidth] = dy.shape;
  const byChannel = tf.reshape(dy, [images * outHeight * outWidth, channels, multiplier]);
  const parts = Array.from({ length: multiplier }, (_, index) => {
    const column = tf.slice(byChannel, [0, 0, index], [-1, -1, 1]);
    const outputs = tf.reshape<Rank.R4>(column, [images, outHeight, outWidth, channels]);
    const apart = spreadOut(tf, spreadOut(tf, outputs, 1, info.strideHeight), 2, info.strideWidth);
    const [top, left] = [
      info.effectiveFilterHeight - 1 - info.padInfo.top,
      info.effectiveFilterWidth - 1 - info.padInfo.left,
    ];
    const [bottom, right] = [
      info.inHeight + info.effectiveFilterHeight - 1 - top - apart.shape[1],
      info.inWidth + info.effectiveFilterWidth - 1 - left - apart.shape[2],
    ];
    const framed = tf.pad4d(cutOff(tf, apart, top, left, bottom, right), [
      [0, 0],
      [Math.max(0, top), Math.max(0, bottom)],
      [Math.max(0, left), Math.max(0, right)],
      [0, 0],
    ]);
    const one = tf.slice(turned, [0, 0, 0, index], [height, width, channels, 1]) as Tensor4D;
    return tf.depthwiseConv2d(framed, one, 1, 'valid', 'NHWC', [info.dilationHeight, info.dilationWidth]);
  });
  return parts.length === 1 ? parts[0]! : tf.addN(parts);
}

/** Zeros between the pixels along an axis, `stride` - 1 of them. */
function spreadOut(tf: Core, x: Tensor4D, axis: 1 | 2, stride: number): Tensor4D {
  if (stride === 1) return x;
  const between = tf.expandDims(x, axis + 1);
  const zeros = tf.zeros(between.shape.map((size, index) => (index === axis + 1 ? stride - 1 : size)));
  const spread = tf.concat([between, zeros], axis + 1);
  const shape = x.shape.map((size, index) => (index === axis ? size * stride : size));
  // No zeros behind the last pixel.
  const size = shape.map((length, index) => (index === axis ? length - stride + 1 : length));
  return tf.slice(tf.reshape(spread, shape), [0, 0, 0, 0], size) as Tensor4D;
}

/** Crops by the negative ones of these margins: pixels beyond a padding wider than the filter have no gradient. */
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
