import { expect, test } from 'vitest';
import { randomNumbers } from '../../src/random.js';
import { augment } from '../../src/tune/augment.js';

const SIZE = { height: 2, width: 3, channels: 1 } as const;
const IMAGE = [1, 2, 3, 4, 5, 6];

/** What becomes of an image when these numbers are drawn, one after the other. */
function changed(options: { flip: boolean; shift: number }, ...drawn: readonly number[]): readonly number[] {
  const pixels = Float32Array.from(IMAGE);
  const left = [...drawn];
  augment(pixels, SIZE, options, () => left.shift()!);
  expect(left).toEqual([]);
  return [...pixels];
}

test('half of the images are mirrored', () => {
  expect(changed({ flip: true, shift: 0 }, 0.49)).toEqual([3, 2, 1, 6, 5, 4]);
  expect(changed({ flip: true, shift: 0 }, 0.5)).toEqual(IMAGE);
});

test('a move fills what it leaves open with the edge: down, up, right, left, by up to so much', () => {
  const move = (down: number, right: number) => changed({ flip: false, shift: 1 }, (down + 1.5) / 3, (right + 1.5) / 3);
  expect(move(0, 0)).toEqual(IMAGE);
  expect(move(1, 0)).toEqual([1, 2, 3, 1, 2, 3]);
  expect(move(-1, 0)).toEqual([4, 5, 6, 4, 5, 6]);
  expect(move(0, 1)).toEqual([1, 1, 2, 4, 4, 5]);
  expect(move(0, -1)).toEqual([2, 3, 3, 5, 6, 6]);
  expect(changed({ flip: true, shift: 1 }, 0, 0.5, 0.99)).toEqual([3, 3, 2, 6, 6, 5]);
});

test('nothing is drawn where nothing is to be changed', () => {
  expect(changed({ flip: false, shift: 0 })).toEqual(IMAGE);
});

test('each image of a batch changes in its own way, with all its channels, and the same again for the same numbers', () => {
  const size = { height: 4, width: 4, channels: 3 } as const;
  const pixels = () => Float32Array.from({ length: 20 * 48 }, (_, at) => at % 48);
  const [one, again] = [pixels(), pixels()];
  for (const batch of [one, again]) augment(batch, size, { flip: true, shift: 2 }, randomNumbers(1, 'x'));
  expect(again).toEqual(one);
  const images = Array.from({ length: 20 }, (_, index) => [...one.subarray(index * 48, (index + 1) * 48)]);
  expect(new Set(images.map(String)).size).toBeGreaterThan(10);
  for (const image of images) for (const [at, value] of image.entries()) expect(value % 3).toBe(at % 3);
});
