import type { NamedAttrMap, Tensor4D } from '@tensorflow/tfjs-core';
import { replaceKernel } from './replace-kernel.js';
import type { TensorFlow } from './tensorflow.js';
import { outputOnHeap } from './wasm-heap.js';

/**
 * Corrects the gradient of max pooling in the wasm backend: its own kernel (4.22) looks for the largest positive number
 * of a window, and where there is none the gradient is lost. Behind a ReLU that does not show; ResNet v2 pools in front
 * of one.
 */
export function mendMaxPoolGradient(tf: TensorFlow['tf']): void {
  replaceKernel(tf, 'MaxPoolGrad', 'wasm', () => (call) => {
    const { dy, input } = call.inputs as unknown as Record<'dy' | 'input', Tensor4D>;
    const { filterSize, strides, pad, dimRoundingMode } = call.attrs as NamedAttrMap;
    const info = tf.backend_util.computePool2DInfo(
      input.shape,
      filterSize as number,
      strides as number,
      1,
      pad as 'same' | 'valid' | number,
      dimRoundingMode as 'floor' | undefined,
    );
    const { output, values, found } = outputOnHeap(call.backend, [input, dy], input.shape);
    spread(values[0]!, values[1]!, found, info);
    return output;
  });
}

type Info = ReturnType<TensorFlow['tf']['backend_util']['computePool2DInfo']>;

/** Gives each output's gradient to the largest number of its window, the first of equals. */
function spread(values: Float32Array, gradients: Float32Array, found: Float32Array, info: Info): void {
  found.fill(0);
  const { batchSize, inHeight, inWidth, inChannels: channels, outHeight, outWidth } = info;
  const [largest, places] = [new Float32Array(channels), new Int32Array(channels)];
  let at = 0;
  for (let image = 0; image < batchSize; image++) {
    for (let outRow = 0; outRow < outHeight; outRow++) {
      const top = outRow * info.strideHeight - info.padInfo.top;
      for (let outColumn = 0; outColumn < outWidth; outColumn++, at += channels) {
        const left = outColumn * info.strideWidth - info.padInfo.left;
        largest.fill(Number.NEGATIVE_INFINITY);
        places.fill(-1);
        for (let row = Math.max(0, top); row < Math.min(inHeight, top + info.filterHeight); row++) {
          for (let column = Math.max(0, left); column < Math.min(inWidth, left + info.filterWidth); column++) {
            const start = ((image * inHeight + row) * inWidth + column) * channels;
            for (let channel = 0; channel < channels; channel++) {
              const value = values[start + channel]!;
              if (value <= largest[channel]!) continue;
              largest[channel] = value;
              places[channel] = start + channel;
            }
          }
        }
        for (let channel = 0; channel < channels; channel++) {
          const place = places[channel]!;
          if (place >= 0) found[place]! += gradients[at + channel]!;
        }
      }
    }
  }
}
