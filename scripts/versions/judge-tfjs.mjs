// Real TensorFlow.js as a judge, as judge.py is: jobs {"after": {"path"}, "inputs", "outputs"} as lines on stdin, {"difference"} or
// {"error"} as lines on stdout.

import { readFileSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { loadLayersModel } from '@tensorflow/tfjs-layers';

console.warn = () => {};
await tf.setBackend('cpu');
for await (const line of createInterface({ input: process.stdin })) {
  const answer = await judge(JSON.parse(line)).catch((error) => ({ error: String(error.message).split('\n')[0] }));
  writeSync(1, `${JSON.stringify(answer)}\n`);
}

async function judge({ after, inputs, outputs }) {
  const model = await load(after.path);
  const fed = inputs.map(([path, shape]) => tf.tensor(floats(path), shape));
  const result = model.predict(fed.length === 1 ? fed[0] : fed);
  const found = (Array.isArray(result) ? result : [result]).map((tensor) => tensor.dataSync());
  const expected = outputs.map(([path]) => floats(path));
  if (found.length !== expected.length) return { error: `${found.length} outputs` };
  return { difference: Math.max(...expected.map((values, index) => difference(values, found[index]))) };
}

/** In parts of the largest number. */
function difference(expected, found) {
  if (found.length !== expected.length) return Number.POSITIVE_INFINITY;
  const largest = Math.max(...expected.map(Math.abs));
  const differences = Array.from(expected, (value, index) => Math.abs(value - found[index]));
  // Not Math.max: it is not a number where one of them is none, which then is no difference for ">".
  return differences.every(Number.isFinite) ? Math.max(...differences) / largest : Number.POSITIVE_INFINITY;
}

function floats(path) {
  const bytes = readFileSync(path);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

function load(path) {
  const { weightsManifest, ...artifacts } = JSON.parse(readFileSync(path, 'utf8'));
  const paths = weightsManifest.flatMap((group) => group.paths.map((name) => join(dirname(path), name)));
  const bytes = Buffer.concat(paths.map((name) => readFileSync(name)));
  const weightData = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
  return loadLayersModel({
    load: async () => ({ ...artifacts, weightData, weightSpecs: weightsManifest.flatMap(({ weights }) => weights) }),
  });
}
