import { createRequire } from 'node:module';
import type { NamedAttrMap, Tensor } from '@tensorflow/tfjs-core';
import { replaceKernel } from './replace-kernel.js';
import type { TensorFlow } from './tensorflow.js';

interface NativeBackend {
  readonly isUsingGpuDevice?: boolean;
  readonly binding?: { readonly TF_Version?: string };
}

/** Where `npm run backend:native` builds; a folder like that elsewhere is named by SE_RETROFIT_NATIVE. */
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
  return (tf.backend() as NativeBackend).isUsingGpuDevice === true;
}

/** Where native packages are looked for, the first first. */
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

/**
 * Computes the gradient of a 1x1 filter as a product of matrices. oneDNN's, with strides, writes outside its memory for odd
 * batches on several threads (TensorFlow 2.21, from Python too).
 */
function avoidFilterGradient(tf: TensorFlow['tf']): void {
  replaceKernel(tf, 'Conv2DBackpropFilter', 'tensorflow', (own) => (call) => {
    const { strides, filterShape, pad } = call.attrs as NamedAttrMap & Record<'filterShape' | 'strides', number[]>;
    const [down, across = down] = [strides].flat() as [number, number?];
    const [height, width, inputs, outputs] = filterShape as [number, number, number, number];
    if (height !== 1 || width !== 1 || (pad !== 'same' && pad !== 'valid')) return own(call);
    const { x, dy } = call.inputs as Record<'x' | 'dy', Tensor>;
    return tf.tidy(() => {
      const seen = down === 1 && across === 1 ? x : tf.stridedSlice(x, [0, 0, 0, 0], x.shape, [1, down, across, 1]);
      const product = tf.matMul(tf.reshape(seen, [-1, inputs]), tf.reshape(dy, [-1, outputs]), true, false);
      return tf.reshape(product, filterShape);
    });
  });
}

interface Operations {
  readonly binding: Readonly<
    Record<`TF_${'ATTR_TYPE' | 'ATTR_FLOAT' | 'ATTR_BOOL' | 'ATTR_STRING' | 'FLOAT'}`, number>
  >;
  executeMultipleOutputs(
    name: string,
    attributes: readonly object[],
    inputs: readonly Tensor[],
    outputs: number,
  ): Tensor[];
}

/** Runs one of TensorFlow's own operations, of which TensorFlow.js knows nothing, on tensors of float32. */
export function runOperation(tf: TensorFlow['tf'], name: string, inputs: readonly Tensor[]): Tensor {
  return runOperations(tf, { name, types: ['T'], attributes: {}, inputs, outputs: 1 })[0]!;
}

/** One of TensorFlow's own operations: `types` are the names of its types, all float32. */
interface Operation {
  readonly name: string;
  readonly types: readonly string[];
  readonly attributes: Readonly<Record<string, number | boolean | string>>;
  readonly inputs: readonly Tensor[];
  readonly outputs: number;
}

/** The same for one with several outputs, or with attributes. */
export function runOperations(tf: TensorFlow['tf'], operation: Operation): readonly Tensor[] {
  const { name, types, attributes, inputs, outputs } = operation;
  const backend = tf.backend() as unknown as Operations;
  const { TF_ATTR_TYPE, TF_ATTR_FLOAT, TF_ATTR_BOOL, TF_ATTR_STRING, TF_FLOAT } = backend.binding;
  const kinds = { number: TF_ATTR_FLOAT, boolean: TF_ATTR_BOOL, string: TF_ATTR_STRING };
  const given = [
    ...types.map((type) => ({ name: type, type: TF_ATTR_TYPE, value: TF_FLOAT })),
    ...Object.entries(attributes).map(([key, value]) => ({
      name: key,
      type: kinds[typeof value as keyof typeof kinds],
      value,
    })),
  ];
  return backend.executeMultipleOutputs(name, given, inputs, outputs);
}

/** Whether TensorFlow itself computes. */
export const isNative = (tf: TensorFlow['tf']): boolean => tf.getBackend() === 'tensorflow';
