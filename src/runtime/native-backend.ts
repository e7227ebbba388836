import { createRequire } from 'node:module';
import type { TensorFlow } from './tensorflow.js';

interface NativeBackend {
  readonly isUsingGpuDevice?: boolean;
}

/**
 * Loads a native backend. It links with a library that may be missing, for another machine, or too old.
 * @param packageName `@tensorflow/tfjs-node-gpu` or `@tensorflow/tfjs-node`
 * @returns whether it computes on a GPU
 * @throws whatever the package throws
 */
export async function startNative(tf: TensorFlow['tf'], packageName: string): Promise<boolean> {
  const require = createRequire(import.meta.url);
  shimUtil(require('node:util'));
  // TensorFlow tells of every device and every missing library otherwise.
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  require(packageName);
  if (!(await tf.setBackend('tensorflow'))) throw new Error('its backend does not start');
  await tf.ready();
  return (tf.backend() as NativeBackend).isUsingGpuDevice === true;
}

/** tfjs-node 4.22 calls functions of node:util that Node 23 no longer has. */
function shimUtil(util: { isNullOrUndefined?: unknown; isArray?: unknown }): void {
  util.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  util.isArray ??= Array.isArray;
}
