import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parentPort } from 'node:worker_threads';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { loadLayersModel } from '@tensorflow/tfjs-layers';

// A thread in which real TensorFlow.js loads a model and runs it: it may hang, and is then ended from outside.

console.warn = () => {};
const MOST_ELEMENTS = 2 ** 20;

parentPort.on('message', async ({ path }) => {
  try {
    parentPort.postMessage({ outputs: await outputsOf(path) });
  } catch (error) {
    parentPort.postMessage({ refused: String(error?.message ?? error) });
  } finally {
    tf.disposeVariables();
  }
});

async function outputsOf(path) {
  const { weightsManifest, ...artifacts } = JSON.parse(readFileSync(path, 'utf8'));
  const files = weightsManifest.flatMap((group) => group.paths);
  const bytes = Buffer.concat(files.map((file) => readFileSync(join(dirname(path), file))));
  const weightData = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  const weightSpecs = weightsManifest.flatMap((group) => group.weights);
  const model = await loadLayersModel({ load: async () => ({ ...artifacts, weightSpecs, weightData }) });
  return tf.tidy(() => {
    const inputs = model.inputs.map(inputFor);
    const result = model.predict(inputs.length === 1 ? inputs[0] : inputs);
    return [result].flat().map((tensor) => ({ shape: tensor.shape, values: Float32Array.from(tensor.dataSync()) }));
  });
}

function inputFor({ shape }, index) {
  const sizes = shape.map((size, axis) => size ?? (axis === 0 ? 2 : 16));
  const length = sizes.reduce((product, size) => product * size, 1);
  if (!(length <= MOST_ELEMENTS)) throw new Error('the input is too large to be tried');
  return tf.tensor(
    Float32Array.from({ length }, (_, at) => Math.sin(at * 12.9898 + index + 78.233) * 1.3),
    sizes,
  );
}
