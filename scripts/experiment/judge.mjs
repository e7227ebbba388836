import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findPython } from '../../bench/keras.mjs';
import { startBackend } from '../../dist/src/runtime/start-backend.js';
import { countOnlyIn } from './claims.mjs';
import { CACHE } from './places.mjs';
import { kept, runTool } from './run-tool.mjs';
import { readPixels, testLabels, testPixels } from './test-pictures.mjs';

const BATCH = 100;
const IN_KERAS = fileURLToPath(new URL('judge_in_keras.py', import.meta.url));

let backend;
const pixels = new Map();

/** The backend that `tune` uses. */
export const backendInUse = async () => (backend ??= await startBackend('auto'));

export const fileOf = ({ place }) => join(place, 'model.json');

/**
 * Notes in the runs of an arm which of the test pictures each gets wrong.
 * @returns how many of them real Keras judges otherwise, asked the model of the first run
 */
export async function judgeRuns(runs, input) {
  for (const run of runs) run.wrong = await kept(`${run.place}.wrong.json`, () => wrongPictures(fileOf(run), input));
  const [first] = runs;
  const inKeras = await kept(`${first.place}.keras-wrong.json`, () => wrongInKeras(fileOf(first), input));
  return countOnlyIn(first.wrong, inKeras) + countOnlyIn(inKeras, first.wrong);
}

/**
 * Which of the test pictures a model gets wrong, by their numbers: loaded and computed by TensorFlow.js itself, on the
 * backend that `tune` uses.
 */
async function wrongPictures(file, input) {
  const { layers } = await backendInUse();
  const model = await layers.loadLayersModel({ load: async () => artifacts(file) });
  const labels = testLabels();
  const found = await answersOf(model, input);
  model.dispose();
  return found.flatMap((answer, picture) => (answer === labels[picture] ? [] : [picture]));
}

/** What a loaded model answers to each of the test pictures. */
export async function answersOf(model, { side, channels }) {
  const { tf } = await backendInUse();
  if (!pixels.has(side)) pixels.set(side, await readPixels(side));
  const answers = [];
  const size = side * side;
  for (let start = 0; start < testLabels().length; start += BATCH) {
    const grey = pixels.get(side).subarray(start * size, (start + BATCH) * size);
    const values = new Float32Array(grey.length * channels);
    for (let index = 0; index < values.length; index++) values[index] = grey[Math.floor(index / channels)] / 255;
    const found = tf.tidy(() =>
      tf.argMax(model.predict(tf.tensor4d(values, [BATCH, side, side, channels])), 1).dataSync(),
    );
    answers.push(...found);
  }
  return answers;
}

/** The same by real Keras, of the model converted for it. */
async function wrongInKeras(file, { side, channels }) {
  const converted = join(CACHE, 'judged.keras');
  runTool('convert', file, '-o', converted, '--dialect', 'keras3', '--force');
  const words = [IN_KERAS, converted, await testPixels(side), side, channels].map(String);
  const options = { encoding: 'utf8', input: JSON.stringify(testLabels()), stdio: ['pipe', 'pipe', 'ignore'] };
  return JSON.parse(execFileSync(findPython(), words, options));
}

/** What TensorFlow.js' own loaders make of a model.json and its weight files. */
function artifacts(file) {
  const { weightsManifest, ...rest } = JSON.parse(readFileSync(file, 'utf8'));
  const parts = weightsManifest.flatMap(({ paths }) => paths.map((path) => readFileSync(join(dirname(file), path))));
  const weightData = new Uint8Array(Buffer.concat(parts)).buffer;
  return { ...rest, weightSpecs: weightsManifest.flatMap(({ weights }) => weights), weightData };
}
