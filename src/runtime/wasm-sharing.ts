import type { NamedAttrMap, TensorInfo } from '@tensorflow/tfjs-core';
import { replaceKernel } from './replace-kernel.js';
import type { TensorFlow } from './tensorflow.js';
import type { WasmBackend } from './wasm-heap.js';

/**
 * Makes the wasm backend share memory where an operation changes nothing, as its own reshaping does: for clones, and
 * for casts to the same type. It copies both otherwise (4.22), and training clones whatever a gradient may need.
 */
export function shareWasmMemory(tf: TensorFlow['tf']): void {
  mend('Identity', ({ dtype }) => dtype !== 'string');
  mend('Cast', ({ dtype }, attrs) => dtype === attrs?.dtype && dtype !== 'string');

  function mend(kernelName: string, changesNothing: (x: TensorInfo, attrs: NamedAttrMap | undefined) => boolean): void {
    replaceKernel(tf, kernelName, 'wasm', (own) => (call) => {
      const { x } = call.inputs as Record<'x', TensorInfo>;
      if (!changesNothing(x, call.attrs as NamedAttrMap | undefined)) return own(call);
      (call.backend as WasmBackend).incRef(x.dataId);
      return { dataId: x.dataId, shape: x.shape, dtype: x.dtype };
    });
  }
}
