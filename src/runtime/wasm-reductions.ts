import type { KernelFunc, NamedAttrMap, TensorInfo } from '@tensorflow/tfjs-core';
import { replaceKernel } from './replace-kernel.js';
import type { TensorFlow } from './tensorflow.js';
import { outputOnHeap } from './wasm-heap.js';

/**
 * Replaces sums and means over axes in front of the last, as over the places of maps: the wasm backend (4.22) moves all
 * numbers to other places first.
 */
export function quickenWasmReductions(tf: TensorFlow['tf']): void {
  replaceKernel(tf, 'Sum', 'wasm', (own) => (call) => reduced(tf, call) ?? own(call));
  replaceKernel(tf, 'Mean', 'wasm', (own) => (call) => reduced(tf, call, true) ?? own(call));
}

function reduced(
  tf: TensorFlow['tf'],
  { inputs, attrs, backend }: Parameters<KernelFunc>[0],
  isMean = false,
): TensorInfo | undefined {
  const { x } = inputs as Record<'x', TensorInfo>;
  const { axis, keepDims } = attrs as NamedAttrMap;
  const axes = tf.util.parseAxisParam(axis as number | number[], x.shape).toSorted((left, right) => left - right);
  const [first, last] = [axes[0], axes.at(-1)];
  const areNeighbours = first !== undefined && last! - first === axes.length - 1;
  if (x.dtype !== 'float32' || !areNeighbours || last === x.shape.length - 1) return undefined;

  const kept = x.shape.map((size, index) => (axes.includes(index) ? 1 : size));
  const shape = keepDims === true ? kept : kept.filter((_, index) => !axes.includes(index));
  const { output, values, found } = outputOnHeap(backend, [x], shape);
  const [numbers] = values;
  const count = tf.util.sizeFromShape(axes.map((index) => x.shape[index]!));
  const sums = new Float64Array(tf.util.sizeFromShape(x.shape.slice(last! + 1)));
  const divisor = isMean ? count : 1;
  let at = 0;
  for (let to = 0; to < found.length; to += sums.length) {
    sums.fill(0);
    at = addRows(sums, numbers!, at, count);
    for (let place = 0; place < sums.length; place++) found[to + place] = sums[place]! / divisor;
  }
  return output;
}

/** Adds so many rows of numbers, four at a time, which takes half as long as one by one; returns where they end. */
function addRows(sums: Float64Array, numbers: Float32Array, start: number, rows: number): number {
  const length = sums.length;
  const end = start + rows * length;
  let at = start;
  for (; at + 4 * length <= end; at += 4 * length) {
    const [second, third, fourth] = [at + length, at + 2 * length, at + 3 * length];
    for (let place = 0; place < length; place++)
      sums[place]! +=
        numbers[at + place]! + numbers[second + place]! + (numbers[third + place]! + numbers[fourth + place]!);
  }
  for (; at < end; at += length) for (let place = 0; place < length; place++) sums[place]! += numbers[at + place]!;
  return end;
}
