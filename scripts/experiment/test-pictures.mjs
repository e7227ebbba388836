// The 10,000 pictures that everything is tested with, as large as the model wants them: by sharp, as for training.

import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import sharp from 'sharp';
import { CLASSES, readPart, SIDE } from './fashion-mnist.mjs';
import { CACHE } from './places.mjs';

const PIXELS = SIDE * SIDE;

/** Where their grey values lie, a byte each, one picture after the other; made once. */
export async function testPixels(side) {
  const file = `${CACHE}/test-${side}.u8`;
  if (existsSync(file)) return file;
  const { pixels, labels } = readPart('t10k');
  const scaled = Buffer.alloc(labels.length * side * side);
  for (let index = 0; index < labels.length; index++) {
    const image = sharp(pixels.subarray(index * PIXELS, (index + 1) * PIXELS), {
      raw: { width: SIDE, height: SIDE, channels: 1 },
    });
    const grey = await image.resize(side, side, { fit: 'cover' }).toColourspace('b-w').raw().toBuffer();
    scaled.set(grey, index * side * side);
  }
  mkdirSync(CACHE, { recursive: true });
  writeFileSync(`${file}.new`, scaled);
  renameSync(`${file}.new`, file);
  return file;
}

/** The class of each as a model counts them that was tuned with folders of pictures: in the order of their names. */
export function testLabels() {
  const sorted = CLASSES.toSorted();
  return [...readPart('t10k').labels].map((label) => sorted.indexOf(CLASSES[label]));
}

export const readPixels = async (side) => readFileSync(await testPixels(side));
