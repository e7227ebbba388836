import type { KernelFunc } from '@tensorflow/tfjs-core';
import type { TensorFlow } from './tensorflow.js';

const replaced = new WeakSet<KernelFunc>();

/**
 * Replaces a kernel of a backend. Replacing it twice has no effect, and neither has a kernel that the backend lacks.
 * @param make the new kernel; it is given the backend's own, for the cases that one computes right
 */
export function replaceKernel(
  tf: TensorFlow['tf'],
  kernelName: string,
  backendName: string,
  make: (own: KernelFunc) => KernelFunc,
): void {
  const own = tf.getKernel(kernelName, backendName);
  if (own === undefined || replaced.has(own.kernelFunc)) return;
  const kernelFunc = make(own.kernelFunc);
  replaced.add(kernelFunc);
  tf.unregisterKernel(kernelName, backendName);
  tf.registerKernel({ ...own, kernelFunc });
}
