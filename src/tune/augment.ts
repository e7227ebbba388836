import type { ImageSize } from '../images/image-batches.js';
import type { TuneOptions } from './tune-options.js';

/**
 * Mirrors and moves the images of a batch, each in its own way; what a move leaves open is filled with the pixels of the
 * edge.
 * @param pixels [images, height, width, channels], changed in place
 * @param random draws the ways; the same numbers give the same images
 */
export function augment(
  pixels: Float32Array,
  { height, width, channels }: ImageSize,
  { flip, shift }: Pick<TuneOptions, 'flip' | 'shift'>,
  random: () => number,
): void {
  if (!flip && shift === 0) return;
  const length = height * width * channels;
  const distance = () => (shift === 0 ? 0 : Math.floor(random() * (2 * shift + 1)) - shift);
  for (let start = 0; start < pixels.length; start += length) {
    const isMirrored = flip && random() < 0.5;
    const [down, right] = [distance(), distance()];
    const image = pixels.slice(start, start + length);
    for (let row = 0; row < height; row++) {
      const sourceRow = clamp(row - down, height);
      for (let column = 0; column < width; column++) {
        const moved = clamp(column - right, width);
        const source = (sourceRow * width + (isMirrored ? width - 1 - moved : moved)) * channels;
        const target = start + (row * width + column) * channels;
        for (let channel = 0; channel < channels; channel++) pixels[target + channel] = image[source + channel]!;
      }
    }
  }
}

const clamp = (place: number, size: number): number => Math.min(Math.max(place, 0), size - 1);
