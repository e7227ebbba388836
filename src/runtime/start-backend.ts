import { createRequire } from 'node:module';
import { RetrofitError, reasonOf, usageError } from '../errors.js';
import { installMissing } from '../missing-packages.js';
import { BACKEND_NAMES, type BackendChoice, type BackendName } from './backend-names.js';
import { mendBatchNorm } from './batch-norm-kernel.js';
import { startNative } from './native-backend.js';
import { guardWasmMemory } from './out-of-memory.js';
import { quickenReLU6 } from './quick-activations.js';
import { registerQuickGradients } from './quick-gradients.js';
import type { PassedOver, TensorFlow } from './tensorflow.js';

/**
 * Loads TensorFlow.js with a backend: the best that runs here, or the requested one. A process has one.
 * @param broken backends that are known not to run
 * @throws RetrofitError `no-backend` if it does not run here, saying why
 */
export async function startBackend(choice: BackendChoice, broken: readonly PassedOver[] = []): Promise<TensorFlow> {
  const passedOver = [...broken];
  const names = choice === 'auto' ? BACKEND_NAMES : [choice];
  for (const name of names.filter((each) => !broken.some((other) => other.name === each))) {
    try {
      return { ...(await startNamed(name)), passedOver };
    } catch (error) {
      if (error instanceof RetrofitError) throw error;
      passedOver.push({ name, reason: reasonOf(error) });
    }
  }
  const reasonsOf = (between: string) => passedOver.map(({ name, reason }) => `${name}${between}${reason}`).join('; ');
  const what =
    choice === 'auto' ? `no TensorFlow.js backend runs here (${reasonsOf(': ')})` : reasonsOf(' does not run here: ');
  throw usageError('no-backend', what, {
    where: { field: 'backend' },
    hint: 'se-retrofit backends shows what is there and how to get the others',
  });
}

/**
 * Loads TensorFlow.js with one backend.
 * @throws RetrofitError `no-backend` where TensorFlow.js itself is not installed; whatever else keeps the backend
 */
export async function startNamed(name: BackendName): Promise<Omit<TensorFlow, 'passedOver'>> {
  const { tf, layers } = requireTensorFlow();
  // Disables hints on the console, and checks of every number for NaN.
  tf.env().set('PROD', true);
  quickenReLU6(tf, layers);
  const usesGpu = await STARTS[name](tf);
  // The package of a native backend brings another copy of TensorFlow.js, which registers its own as it is loaded.
  registerQuickGradients(tf);
  return { tf, layers, backend: name, usesGpu };
}

type Core = TensorFlow['tf'];

/** Each gives whether it computes on a GPU. */
const STARTS: Readonly<Record<BackendName, (tf: Core) => Promise<boolean>>> = {
  'tfjs-node-gpu': (tf) => startNative(tf, '@tensorflow/tfjs-node-gpu'),
  'tfjs-node': (tf) => startNative(tf, '@tensorflow/tfjs-node'),
  wasm: startWasm,
  cpu: startCpu,
};

/** An import would look through these packages, megabytes of CommonJS, for the names that they export: that takes longer than running them. */
const require = createRequire(import.meta.url);

function requireTensorFlow(): Pick<TensorFlow, 'tf' | 'layers'> {
  try {
    return { tf: require('@tensorflow/tfjs-core'), layers: require('@tensorflow/tfjs-layers') };
  } catch (error) {
    throw usageError(
      'no-backend',
      `this command computes with TensorFlow.js, which is not installed: ${reasonOf(error)}`,
      {
        hint: installMissing('@tensorflow/tfjs-core', '@tensorflow/tfjs-layers'),
      },
    );
  }
}

async function startWasm(tf: Core): Promise<false> {
  const { mendWasm } = await import('./wasm-kernels.js');
  const { setWasmPaths }: typeof import('@tensorflow/tfjs-backend-wasm') = require('@tensorflow/tfjs-backend-wasm');
  const entry = require.resolve('@tensorflow/tfjs-backend-wasm');
  setWasmPaths(entry.slice(0, entry.lastIndexOf('tf-backend-wasm')));
  await useBackend(tf, 'wasm');
  guardWasmMemory(tf);
  mendWasm(tf);
  return false;
}

async function startCpu(tf: Core): Promise<false> {
  require('@tensorflow/tfjs-backend-cpu');
  await useBackend(tf, 'cpu');
  mendBatchNorm(tf, 'cpu');
  return false;
}

async function useBackend(tf: Core, name: string): Promise<void> {
  if (!(await tf.setBackend(name))) throw new Error(`TensorFlow.js could not start its backend ${name}`);
  await tf.ready();
}
