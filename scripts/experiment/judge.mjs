import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { startBackend } from '../../dist/src/runtime/start-backend.js';
import { readPart, SIDE } from './fashion-mnist.mjs';

const BATCH = 100;
const PIXELS = SIDE * SIDE;

let backend;

/**
 * Which of the 10,000 test pictures a model gets wrong, by their numbers: loaded and computed by TensorFlow.js itself, on the
 * backend that `tune` uses.
 */
export async function wrongPictures(file, { side, channels }) {
  backend ??= await startBackend('auto');
  const { tf, layers } = backend;
  const model = await layers.loadLayersModel({ load: async () => artifacts(file) });
  const { pixels, labels } = readPart('t10k');
  const wrong = [];
  for (let start = 0; start < labels.length; start += BATCH) {
    const values = new Float32Array(BATCH * side * side * channels);
    for (let index = 0; index < BATCH; index++) {
      const picture = pixels.subarray((start + index) * PIXELS, (start + index + 1) * PIXELS);
      values.set(await scaled(picture, side, channels), index * side * side * channels);
    }
    const found = tf.tidy(() =>
      tf.argMax(model.predict(tf.tensor4d(values, [BATCH, side, side, channels])), 1).dataSync(),
    );
    for (let index = 0; index < BATCH; index++) if (found[index] !== labels[start + index]) wrong.push(start + index);
  }
  model.dispose();
  return wrong;
}

/** A picture's values from 0 to 1, as large as the model wants them: by sharp, as for training. */
async function scaled(picture, side, channels) {
  const image = sharp(picture, { raw: { width: SIDE, height: SIDE, channels: 1 } });
  const grey = await image
    .resize(side, side, { fit: 'cover' })
    .toColourspace(channels === 1 ? 'b-w' : 'srgb')
    .raw()
    .toBuffer();
  return Float32Array.from(grey, (value) => value / 255);
}

/** What TensorFlow.js' own loaders make of a model.json and its weight files. */
function artifacts(file) {
  const { weightsManifest, ...rest } = JSON.parse(readFileSync(file, 'utf8'));
  const parts = weightsManifest.flatMap(({ paths }) => paths.map((path) => readFileSync(join(dirname(file), path))));
  const weightData = new Uint8Array(Buffer.concat(parts)).buffer;
  return { ...rest, weightSpecs: weightsManifest.flatMap(({ weights }) => weights), weightData };
}
