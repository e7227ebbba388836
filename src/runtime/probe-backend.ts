import { reasonOf } from '../errors.js';
import type { BackendName } from './backend-names.js';
import { median } from './median.js';
import { tensorFlowVersion } from './native-backend.js';
import { startNamed } from './start-backend.js';
import type { TensorFlow } from './tensorflow.js';

/** Findings about a backend. */
export interface BackendProbe {
  readonly name: BackendName;
  /** Why it does not run; null if it does. */
  readonly reason: string | null;
  readonly usesGpu: boolean;
  readonly versions: { readonly tfjs: string; readonly tensorflow: string | null } | null;
  /** A product of two matrices of 512 x 512, the median of several. */
  readonly matmul: { readonly milliseconds: number; readonly gflops: number } | null;
}

const SIDE = 512;
const RUNS = 5;
/** A slow backend is not asked again when it has multiplied for so long. */
const ENOUGH_MILLISECONDS = 500;

/** A backend that does not run. */
export const notRunning = (name: BackendName, reason: string): BackendProbe => ({
  name,
  reason,
  usesGpu: false,
  versions: null,
  matmul: null,
});

/** Starts a backend in this process, lets it multiply, and checks every number of the product. */
export async function probeBackend(name: BackendName): Promise<BackendProbe> {
  try {
    const { tf, usesGpu } = await startNamed(name);
    const milliseconds = await timeProduct(tf);
    return {
      name,
      reason: null,
      usesGpu,
      versions: { tfjs: tf.version_core, tensorflow: tensorFlowVersion(tf) ?? null },
      matmul: { milliseconds, gflops: (2 * SIDE ** 3) / milliseconds / 1e6 },
    };
  } catch (error) {
    return notRunning(name, reasonOf(error));
  }
}

/** Milliseconds of a product; the first one, for which kernels are made ready, does not count. */
async function timeProduct(tf: TensorFlow['tf']): Promise<number> {
  // Small whole numbers, which every order of adding gives exactly: left is row * inner, right inner' * column.
  const [row, inner, other, column] = [5, 3, 4, 7].map((period) => (index: number) => (index % period) + 1);
  const fill = (down: (index: number) => number, across: (index: number) => number) =>
    tf.tensor2d(
      Float32Array.from({ length: SIDE * SIDE }, (_, at) => down(Math.floor(at / SIDE)) * across(at % SIDE)),
      [SIDE, SIDE],
    );
  const [left, right] = [fill(row!, inner!), fill(other!, column!)];
  const sum = Array.from({ length: SIDE }, (_, index) => inner!(index) * other!(index)).reduce((a, b) => a + b);
  const times: number[] = [];
  const isEnough = () => times.length > RUNS || (times.length > 1 && performance.now() - begun > ENOUGH_MILLISECONDS);
  const begun = performance.now();
  while (!isEnough()) {
    const started = performance.now();
    const product = tf.matMul(left, right);
    const values = await product.data();
    times.push(performance.now() - started);
    product.dispose();
    const wrong = values.findIndex((value, at) => value !== row!(Math.floor(at / SIDE)) * sum * column!(at % SIDE));
    if (wrong >= 0) throw new Error(`it multiplies wrongly: number ${wrong} of a product is ${values[wrong]}`);
  }
  tf.dispose([left, right]);
  return median(times.slice(1));
}
