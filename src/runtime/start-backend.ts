import { createRequire } from 'node:module';
import { usageError } from '../errors.js';
import { BACKEND_NAMES, type BackendChoice, type BackendName } from './backend-names.js';
import { startNative } from './native-backend.js';
import type { PassedOver, TensorFlow } from './tensorflow.js';

const INSTALL =
  'npm install @tensorflow/tfjs-core@4.22.0 @tensorflow/tfjs-layers@4.22.0 @tensorflow/tfjs-backend-wasm@4.22.0';

/**
 * Loads TensorFlow.js with a backend: the best that runs here, or the one that is asked for. A process has one.
 * @throws RetrofitError `no-backend` if it does not run here, saying why
 */
export async function startBackend(choice: BackendChoice): Promise<TensorFlow> {
  const { tf, layers } = await importTensorFlow();
  // No hints on the console, and no look at every number for NaN.
  tf.env().set('PROD', true);
  const passedOver: PassedOver[] = [];
  for (const name of choice === 'auto' ? BACKEND_NAMES : [choice]) {
    try {
      const usesGpu = await STARTS[name](tf);
      return { tf, layers, backend: name, usesGpu, passedOver };
    } catch (error) {
      passedOver.push({ name, reason: reasonOf(error) });
    }
  }
  const reasons = passedOver.map(({ name, reason }) => `${name}: ${reason}`).join('; ');
  throw usageError('no-backend', `no TensorFlow.js backend runs here (${reasons})`, {
    where: { field: 'backend' },
    hint: 'se-retrofit backends shows what is there and how to get the others',
  });
}

type Core = TensorFlow['tf'];

/** Each gives whether it computes on a GPU. */
const STARTS: Readonly<Record<BackendName, (tf: Core) => Promise<boolean>>> = {
  'tfjs-node-gpu': (tf) => startNative(tf, '@tensorflow/tfjs-node-gpu'),
  'tfjs-node': (tf) => startNative(tf, '@tensorflow/tfjs-node'),
  wasm: startWasm,
  cpu: startCpu,
};

async function importTensorFlow(): Promise<Pick<TensorFlow, 'tf' | 'layers'>> {
  try {
    const [tf, layers] = await Promise.all([import('@tensorflow/tfjs-core'), import('@tensorflow/tfjs-layers')]);
    return { tf, layers };
  } catch (error) {
    throw usageError(
      'no-backend',
      `this command computes with TensorFlow.js, which is not installed: ${reasonOf(error)}`,
      {
        hint: INSTALL,
      },
    );
  }
}

async function startWasm(tf: Core): Promise<false> {
  const [{ setWasmPaths }, { registerWasmGradients }] = await Promise.all([
    import('@tensorflow/tfjs-backend-wasm'),
    import('./wasm-gradients.js'),
  ]);
  const entry = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
  setWasmPaths(entry.slice(0, entry.lastIndexOf('tf-backend-wasm')));
  await useBackend(tf, 'wasm');
  registerWasmGradients(tf);
  return false;
}

async function startCpu(tf: Core): Promise<false> {
  await import('@tensorflow/tfjs-backend-cpu');
  await useBackend(tf, 'cpu');
  return false;
}

async function useBackend(tf: Core, name: string): Promise<void> {
  if (!(await tf.setBackend(name))) throw new Error(`TensorFlow.js could not start its backend ${name}`);
  await tf.ready();
}

/** The first line of what went wrong: loaders of native code write whole pages. */
export const reasonOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n')[0]!.trim();
