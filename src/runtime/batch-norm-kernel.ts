import type { NamedAttrMap, Tensor } from '@tensorflow/tfjs-core';
import { replaceKernel } from './replace-kernel.js';
import type { TensorFlow } from './tensorflow.js';

type Core = TensorFlow['tf'];

/**
 * Makes a backend normalise over another axis than the last, as channels-first models ask for: the kernels of wasm and cpu
 * (4.22) take statistics of shape [1, C, 1, 1] one after the other along the last axis. tfjs-node does it right, so.
 */
export function mendBatchNorm(tf: Core, backendName: 'wasm' | 'cpu'): void {
  replaceKernel(tf, 'FusedBatchNorm', backendName, (own) => (call) => {
    const { x, mean, variance, offset, scale } = call.inputs as Record<string, Tensor>;
    if (mean!.rank === 1 || mean!.shape.every((size, axis) => size === x!.shape[axis])) return own(call);
    return tf.tidy(() => {
      const { varianceEpsilon } = call.attrs as NamedAttrMap;
      const inverse = tf.rsqrt(tf.add(variance!, varianceEpsilon as number));
      const factor = scale === undefined ? inverse : tf.mul(inverse, scale);
      const normalized = tf.mul(tf.sub(x!, mean!), factor);
      return offset === undefined ? normalized : tf.add(normalized, offset);
    });
  });
}
