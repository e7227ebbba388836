import type { DataType, TensorInfo } from '@tensorflow/tfjs-core';

/** Parts of the wasm backend (4.22) that kernels of our own need. */
export interface WasmBackend {
  incRef(dataId: object): void;
  makeOutput(shape: readonly number[], dtype: DataType): TensorInfo;
  typedArrayFromHeap(tensor: TensorInfo): Float32Array;
}

/**
 * Makes the output of a kernel and gives views of its inputs and of it, in this order: what is made may move the heap, and no
 * view from before is valid then.
 * @param inputs the output is of the type of the first
 */
export function outputOnHeap(backend: unknown, inputs: readonly TensorInfo[], shape: readonly number[]) {
  const wasm = backend as WasmBackend;
  const output = wasm.makeOutput(shape, inputs[0]!.dtype);
  return {
    output,
    values: inputs.map((tensor) => wasm.typedArrayFromHeap(tensor)),
    found: wasm.typedArrayFromHeap(output),
  };
}
