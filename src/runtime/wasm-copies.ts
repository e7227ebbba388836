import type { KernelFunc, NamedAttrMap, Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import { replaceKernel } from './replace-kernel.js';
import type { TensorFlow } from './tensorflow.js';
import { outputOnHeap } from './wasm-heap.js';

/** Fewer numbers that lie together are left to the backend. */
const LEAST = 8;

type Call = Parameters<KernelFunc>[0];

/**
 * Replaces kernels of the wasm backend (4.22) that copy: its slices copy the whole tensor first, and its repetitions, the
 * gradients of means and sums, go number by number.
 */
export function quickenWasmCopies(tf: TensorFlow['tf']): void {
  replaceKernel(tf, 'Slice', 'wasm', (own) => (call) => slice(tf, call) ?? own(call));
  replaceKernel(tf, 'Tile', 'wasm', (own) => (call) => repeat(tf, call) ?? own(call));
}

/** Copies at once what lies together in both tensors: the last axis that is cut, with the whole ones behind it. */
function slice(tf: TensorFlow['tf'], { inputs, attrs, backend }: Call): TensorInfo | undefined {
  const x = inputs.x as Tensor;
  const given = attrs as NamedAttrMap;
  const sliced = tf.slice_util.parseSliceParams(x, given.begin as number[], given.size as number[]);
  const [begin, size] = sliced as [number[], number[]];
  const strides = [...tf.util.computeStrides(x.shape), 1];
  let last = x.shape.length - 1;
  while (last > 0 && size[last] === x.shape[last]) last--;
  const length = (size[last] ?? 0) * strides[last]!;
  if (x.dtype === 'string' || length < LEAST) return undefined;
  tf.slice_util.assertParamsValid(x, begin, size);

  const { output, values, found } = outputOnHeap(backend, [x], size);
  let done = 0;
  const copy = (axis: number, from: number): void => {
    const start = from + begin[axis]! * strides[axis]!;
    if (axis === last) {
      found.set(values[0]!.subarray(start, start + length), done);
      done += length;
    } else for (let index = 0; index < size[axis]!; index++) copy(axis + 1, start + index * strides[axis]!);
  };
  copy(0, 0);
  return output;
}

/** Repeats along neighbouring axes of size 1, as gradients of means do: each block of numbers so many times. */
function repeat(tf: TensorFlow['tf'], { inputs, attrs, backend }: Call): TensorInfo | undefined {
  const x = inputs.x as TensorInfo;
  const times = (attrs as NamedAttrMap).reps as number[];
  const first = times.findIndex((each) => each !== 1);
  const behind = times.findLastIndex((each) => each !== 1) + 1;
  if (first === -1 || x.dtype === 'string' || x.shape.slice(first, behind).some((size) => size !== 1)) return undefined;

  const shape = x.shape.map((size, axis) => size * times[axis]!);
  const { output, values, found } = outputOnHeap(backend, [x], shape);
  const block = tf.util.sizeFromShape(x.shape.slice(behind));
  const room = block * tf.util.sizeFromShape(times);
  for (let from = 0, at = 0; at < found.length; from += block, at += room) {
    found.set(values[0]!.subarray(from, from + block), at);
    for (let done = block; done < room; done *= 2) found.copyWithin(at + done, at, at + Math.min(done, room - done));
  }
  return output;
}
