import { mendBatchNorm } from './batch-norm-kernel.js';
import type { TensorFlow } from './tensorflow.js';
import { quickenWasmCopies } from './wasm-copies.js';
import { registerDepthwiseFilterGradient } from './wasm-depthwise.js';
import { registerWasmGradients } from './wasm-gradients.js';
import { mendMaxPoolGradient } from './wasm-max-pool.js';
import { quickenWasmReductions } from './wasm-reductions.js';
import { shareWasmMemory } from './wasm-sharing.js';

/** Gives the wasm backend the kernels that it lacks, and better ones where its own are wrong or slow. */
export function mendWasm(tf: TensorFlow['tf']): void {
  shareWasmMemory(tf);
  quickenWasmCopies(tf);
  quickenWasmReductions(tf);
  registerWasmGradients(tf);
  registerDepthwiseFilterGradient(tf);
  mendMaxPoolGradient(tf);
  mendBatchNorm(tf, 'wasm');
}
