import type { NamedAttrMap, Tensor4D } from '@tensorflow/tfjs-core';
import type { TensorFlow } from './tensorflow.js';
import { type ConvInfo, convInfo } from './wasm-gradients.js';
import { outputOnHeap } from './wasm-heap.js';

/**
 * Registers the gradient of a depthwise filter with the wasm backend, which lacks it (tensorflow/tfjs issue 8474): added up
 * in plain arithmetic, as nothing that is put together from its kernels comes near it. Registering twice does nothing.
 */
export function registerDepthwiseFilterGradient(tf: TensorFlow['tf']): void {
  const kernelName = 'DepthwiseConv2dNativeBackpropFilter';
  if (tf.getKernel(kernelName, 'wasm') !== undefined) return;
  tf.registerKernel({
    kernelName,
    backendName: 'wasm',
    kernelFunc: ({ inputs, attrs, backend }) => {
      const { x, dy } = inputs as unknown as Record<'x' | 'dy', Tensor4D>;
      const given = attrs as NamedAttrMap;
      const shape = given.filterShape as Tensor4D['shape'];
      const info = convInfo(tf, x.shape, shape, given, true);
      const { output, values, found } = outputOnHeap(backend, [x, dy], shape);
      found.set(filterGradient(byOutput(values[0]!, info), values[1]!, info));
      return output;
    },
  });
}

/** The input with each channel as often as it makes outputs. */
function byOutput(x: Float32Array, { inChannels, outChannels }: ConvInfo): Float32Array {
  const multiplier = outChannels / inChannels;
  return multiplier === 1
    ? x
    : Float32Array.from({ length: x.length * multiplier }, (_, index) => x[Math.floor(index / multiplier)]!);
}

/** [filterHeight, filterWidth, out]; both tensors have a number for each output channel. */
function filterGradient(x: Float32Array, dy: Float32Array, info: ConvInfo): Float64Array {
  const { batchSize, inHeight, inWidth, outHeight, outWidth, outChannels: channels, padInfo } = info;
  const gradient = new Float64Array(info.filterHeight * info.filterWidth * channels);
  for (let filterRow = 0, at = 0; filterRow < info.filterHeight; filterRow++) {
    for (let filterColumn = 0; filterColumn < info.filterWidth; filterColumn++, at += channels) {
      const sums = gradient.subarray(at, at + channels);
      const left = filterColumn * info.dilationWidth - padInfo.left;
      // The columns of outputs that see a column of the input here.
      const first = Math.max(0, Math.ceil(-left / info.strideWidth));
      const behind = Math.min(outWidth, Math.ceil((inWidth - left) / info.strideWidth));
      for (let image = 0; image < batchSize; image++) {
        for (let outRow = 0; outRow < outHeight; outRow++) {
          const row = outRow * info.strideHeight + filterRow * info.dilationHeight - padInfo.top;
          if (row < 0 || row >= inHeight) continue;
          addProducts(sums, behind - first, {
            x,
            from: ((image * inHeight + row) * inWidth + first * info.strideWidth + left) * channels,
            step: info.strideWidth * channels,
            dy,
            at: ((image * outHeight + outRow) * outWidth + first) * channels,
          });
        }
      }
    }
  }
  return gradient;
}

interface Rows {
  readonly x: Float32Array;
  readonly from: number;
  readonly step: number;
  readonly dy: Float32Array;
  readonly at: number;
}

/** Adds the products of so many pixels, four at a time, which takes less than half as long as one by one. */
function addProducts(sums: Float64Array, count: number, { x, step, dy, ...start }: Rows): void {
  const length = sums.length;
  let { from, at } = start;
  let left = count;
  for (; left >= 4; left -= 4, from += 4 * step, at += 4 * length) {
    const [from2, from3, from4] = [from + step, from + 2 * step, from + 3 * step];
    const [at2, at3, at4] = [at + length, at + 2 * length, at + 3 * length];
    for (let channel = 0; channel < length; channel++)
      sums[channel]! +=
        x[from + channel]! * dy[at + channel]! +
        x[from2 + channel]! * dy[at2 + channel]! +
        (x[from3 + channel]! * dy[at3 + channel]! + x[from4 + channel]! * dy[at4 + channel]!);
  }
  for (; left > 0; left--, from += step, at += length)
    for (let channel = 0; channel < length; channel++) sums[channel]! += x[from + channel]! * dy[at + channel]!;
}
