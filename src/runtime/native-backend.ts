import { createRequire } from 'node:module';
import { avoidFilterGradient, fuseConvolutions } from './native-convolutions.js';
import type { TensorFlow } from './tensorflow.js';

interface NativeBackend {
  readonly isUsingGpuDevice?: boolean;
  readonly binding?: { readonly TF_Version?: string };
}

/** Folder that `npm run backend:native` builds in; SE_RETROFIT_NATIVE names such a folder elsewhere. */
const OWN_BUILD = '.cache/native';

/**
 * Loads a native backend, one that was built here before one that npm installed. It links with a library that may be missing, for another machine, or too old.
 * @param packageName `@tensorflow/tfjs-node-gpu` or `@tensorflow/tfjs-node`
 * @returns whether it computes on a GPU
 * @throws whatever the package throws
 */
export async function startNative(tf: TensorFlow['tf'], packageName: string): Promise<boolean> {
  const require = createRequire(import.meta.url);
  shimUtil(require('node:util'));
  // TensorFlow tells of every device and every missing library otherwise.
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  require(require.resolve(packageName, { paths: nativePlaces() }));
  if (!(await tf.setBackend('tensorflow'))) throw new Error('its backend does not start');
  await tf.ready();
  avoidFilterGradient(tf);
  const usesGpu = (tf.backend() as NativeBackend).isUsingGpuDevice === true;
  if (!usesGpu) fuseConvolutions(tf);
  return usesGpu;
}

/** Folders in which native packages are looked for, in order. */
export function nativePlaces(): string[] {
  const root = createRequire(import.meta.url)
    .resolve('se-retrofit/package.json')
    .replace(/package\.json$/, '');
  return [process.env.SE_RETROFIT_NATIVE ?? root + OWN_BUILD, root];
}

/** The version of TensorFlow that a native backend computes with; undefined for other backends. */
export const tensorFlowVersion = (tf: TensorFlow['tf']): string | undefined =>
  (tf.backend() as NativeBackend).binding?.TF_Version;

/** tfjs-node 4.22 calls functions of node:util that Node 23 no longer has. */
function shimUtil(util: { isNullOrUndefined?: unknown; isArray?: unknown }): void {
  util.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  util.isArray ??= Array.isArray;
}
