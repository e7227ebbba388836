// Fashion-MNIST (MIT): 60,000 and 10,000 grey pictures of ten kinds of clothes, 28 x 28, from the Debian package
// dataset-fashion-mnist. Elsewhere its four files may be put into .cache/fashion-mnist by hand.

import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import sharp from 'sharp';
import { randomNumbers, shuffled } from '../../dist/src/random.js';
import { CACHE } from './places.mjs';

const FOLDER = join(CACHE, '..', 'fashion-mnist');
const PACKAGE = 'dataset-fashion-mnist';
const FILES = ['train-images-idx3', 'train-labels-idx1', 't10k-images-idx3', 't10k-labels-idx1'].map(
  (name) => `${name}-ubyte.gz`,
);
export const SIDE = 28;
const PIXELS = SIDE * SIDE;
export const CLASSES = ['t-shirt', 'trouser', 'pullover', 'dress', 'coat', 'sandal', 'shirt', 'sneaker', 'bag', 'boot'];

/** The pictures of a part, `train` or `t10k`: all pixels in a row, and the class of each. */
export function readPart(part) {
  unpack();
  const [images, labels] = ['images-idx3', 'labels-idx1'].map((kind) =>
    gunzipSync(readFileSync(join(FOLDER, `${part}-${kind}-ubyte.gz`))),
  );
  return { pixels: images.subarray(16), labels: labels.subarray(8) };
}

function unpack() {
  if (FILES.every((name) => existsSync(join(FOLDER, name)))) return;
  mkdirSync(FOLDER, { recursive: true });
  const run = (command, ...words) => spawnSync(command, words, { cwd: FOLDER, stdio: 'ignore' }).status === 0;
  const archives = () => readdirSync(FOLDER).filter((name) => name.endsWith('.deb'));
  if (!run('apt-get', 'download', PACKAGE) || !run('dpkg-deb', '-x', archives()[0] ?? '', 'unpacked'))
    throw new Error(
      `the pictures come from the Debian package ${PACKAGE}, which cannot be had here: put ${FILES.join(', ')} into ${FOLDER}`,
    );
  const unpacked = join(FOLDER, 'unpacked', 'usr', 'share', 'datasets', 'fashion-mnist');
  for (const name of FILES) copyFileSync(join(unpacked, name), join(FOLDER, name));
  rmSync(join(FOLDER, 'unpacked'), { recursive: true });
  for (const name of archives()) rmSync(join(FOLDER, name));
}

/** The folder of so many pictures to train with, as many of each class, as PNG files in a folder a class; the seed says which. */
export async function labelledPictures(count, seed) {
  const folder = join(CACHE, 'pictures', `${count}-${seed}`);
  if (existsSync(folder)) return folder;
  const { pixels, labels } = readPart('train');
  const hidden = `${folder}.${process.pid}`;
  rmSync(hidden, { recursive: true, force: true });
  for (const [label, name] of CLASSES.entries()) {
    mkdirSync(join(hidden, name), { recursive: true });
    const all = [...labels.keys()].filter((index) => labels[index] === label);
    const chosen = shuffled(all, randomNumbers(seed, name)).slice(0, count / CLASSES.length);
    for (const index of chosen) {
      const raw = { width: SIDE, height: SIDE, channels: 1 };
      const picture = sharp(pixels.subarray(index * PIXELS, (index + 1) * PIXELS), { raw });
      await picture.png().toFile(join(hidden, name, `${index}.png`));
    }
  }
  renameSync(hidden, folder);
  return folder;
}
