import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { type LayersModel, loadLayersModel } from '@tensorflow/tfjs-layers';

// Registration hints and the like: nothing a test reader wants to see.
console.warn = () => {};

export const BACKENDS = ['cpu', 'wasm'] as const;
export type Backend = (typeof BACKENDS)[number];

/** Makes real TensorFlow.js compute on a backend. */
export async function useBackend(backend: Backend): Promise<void> {
  if (backend === 'wasm') {
    const entry = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
    setWasmPaths(`${dirname(entry)}/`);
  }
  if (!(await tf.setBackend(backend))) throw new Error(`TensorFlow.js has no backend ${backend} here`);
  await tf.ready();
}

/** Loads a model with TensorFlow.js' own loader, every weight matched by name. */
export function loadModel(folder: string): Promise<LayersModel> {
  const json = JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8'));
  const { weightsManifest, ...artifacts } = json;
  const bytes = Buffer.concat(
    weightsManifest.flatMap((group: { paths: string[] }) =>
      group.paths.map((path) => readFileSync(join(folder, path))),
    ),
  );
  const weightData = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  const weightSpecs = weightsManifest.flatMap((group: { weights: unknown[] }) => group.weights);
  return loadLayersModel({ load: async () => ({ ...artifacts, weightSpecs, weightData }) });
}

/** The same inputs for every model of the same shape: smooth, signed, different for each seed. */
export function seededInputs(model: LayersModel, seed: number, openSize = 24): tf.Tensor[] {
  return model.inputs.map((input, index) => {
    const shape = input.shape.map((size, axis) => size ?? (axis === 0 ? 2 : openSize));
    const length = shape.reduce((product, size) => product * size, 1);
    const values = Float32Array.from({ length }, (_, at) => Math.sin(at * 12.9898 + index + 78.233 * seed) * 1.3);
    return tf.tensor(values, shape);
  });
}

/** All outputs of a model, in order. */
export function predict(model: LayersModel, inputs: readonly tf.Tensor[]): readonly Float32Array[] {
  const result = model.predict(inputs.length === 1 ? inputs[0]! : [...inputs]);
  return (Array.isArray(result) ? result : [result]).map((tensor) => tensor.dataSync() as Float32Array);
}

/** The first place where two predictions are not the same number; undefined where there is none. */
export function firstDifference(before: readonly Float32Array[], after: readonly Float32Array[]): string | undefined {
  if (before.length !== after.length) return `${before.length} outputs became ${after.length}`;
  for (const [output, values] of before.entries()) {
    const others = after[output]!;
    if (values.length !== others.length) return `output ${output}: ${values.length} numbers became ${others.length}`;
    const index = values.findIndex((value, at) => !Object.is(value, others[at]));
    if (index >= 0) return `output ${output}, number ${index}: ${values[index]} became ${others[index]}`;
  }
  return undefined;
}

export { tf };
