import type { KernelFunc } from '@tensorflow/tfjs-core';
import type { TensorFlow } from './tensorflow.js';

const replaced = new WeakSet<KernelFunc>();

/**
 * Puts a kernel in the place of a backend's own. Doing it twice does nothing, and neither does a kernel that the backend lacks.
 * @param make the new kernel; it is given the backend's own, to leave to it what that does right
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
