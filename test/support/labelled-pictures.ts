import { join } from 'node:path';
import { randomNumbers } from '../../src/random.js';
import { writePng } from './image-files.js';

/** Colour pictures of 16 x 16 pixels, a folder a class: the classes differ in the direction and the width of their stripes. */
export async function writePictures(folder: string, classes: readonly string[], each: number): Promise<void> {
  const random = randomNumbers(1, 'pictures');
  for (const [rank, name] of classes.entries()) {
    for (let index = 0; index < each; index++) {
      const data = Uint8Array.from({ length: 16 * 16 * 3 }, (_, at) => {
        const [row, column] = [Math.floor(at / 48), Math.floor(at / 3) % 16];
        const stripe = Math.sin((rank % 2 === 0 ? row : column) * (0.5 + rank * 0.4) + index);
        return Math.round(Math.min(255, Math.max(0, 128 + 60 * stripe + 90 * (random() - 0.5))));
      });
      await writePng(join(folder, name, `${String(index).padStart(3, '0')}.png`), {
        data,
        width: 16,
        height: 16,
        channels: 3,
      });
    }
  }
}
