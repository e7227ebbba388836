import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { type BatchOptions, imageBatches, keepPixels, type SkippedImage } from '../../src/images/image-batches.js';
import type { ImageFile } from '../../src/images/read-image-folder.js';
import { makeFolders } from '../support/cli.js';
import { type Pixels, patternPixels, writeJpeg, writePng } from '../support/image-files.js';

const newFolder = makeFolders();

const filesOf = (paths: readonly string[]): readonly ImageFile[] => paths.map((path) => ({ path, label: 0 }));

/** All batches of some images, and what was left out. */
async function decode(paths: readonly string[], options: Partial<BatchOptions> = {}) {
  const skipped: SkippedImage[] = [];
  const batches = [];
  for await (const batch of imageBatches(filesOf(paths), {
    size: { height: 8, width: 8, channels: 3 },
    batch: 32,
    preprocess: 'none',
    onSkipped: (image) => skipped.push(image),
    ...options,
  })) {
    batches.push(batch);
  }
  return { batches, skipped };
}

const pixelsOf = async (path: string, channels: 1 | 3, height = 8, width = 8) =>
  (await decode([path], { size: { height, width, channels } })).batches[0]!.pixels;

const COLOUR = patternPixels(1);
const GREY = patternPixels(2, { width: 8, height: 8, channels: 1 });

test('a picture of the right size keeps every pixel', async () => {
  const folder = newFolder();
  expect([...(await pixelsOf(await writePng(join(folder, 'colour.png'), COLOUR), 3))]).toEqual([...COLOUR.data]);
  expect([...(await pixelsOf(await writePng(join(folder, 'grey.png'), GREY), 1))]).toEqual([...GREY.data]);
});

test('a grey picture for a colour model: three times the same', async () => {
  const pixels = await pixelsOf(await writePng(join(newFolder(), 'grey.png'), GREY), 3);
  expect([...pixels]).toEqual([...GREY.data].flatMap((value) => [value, value, value]));
});

test('a colour picture for a grey model: the brightness that Pillow computes', async () => {
  const data = Uint8Array.from([255, 0, 0, 0, 255, 0, 0, 0, 255, 10, 200, 90]);
  const path = await writePng(join(newFolder(), 'colours.png'), { data, width: 2, height: 2, channels: 3 });
  // Image.open(...).convert('L') of Pillow 13 says so.
  expect([...(await pixelsOf(path, 1, 2, 2))]).toEqual([76, 150, 29, 131]);
});

test('transparency is dropped, the colours behind it stay', async () => {
  const transparent = patternPixels(3, { width: 8, height: 8, channels: 4 });
  const pixels = await pixelsOf(await writePng(join(newFolder(), 'alpha.png'), transparent), 3);
  expect([...pixels]).toEqual([...transparent.data].filter((_, at) => at % 4 !== 3));
});

test('16 bits a channel become 8', async () => {
  const path = join(newFolder(), 'deep.png');
  const data = Uint16Array.from([0, 257 * 7, 257 * 128, 65_535]);
  const raw = { width: 2, height: 2, channels: 1 } as const;
  await sharp(data, { raw }).toColourspace('grey16').png().toFile(path);
  expect((await sharp(path).metadata()).depth).toBe('ushort');
  expect([...(await pixelsOf(path, 1, 2, 2))]).toEqual([0, 7, 128, 255]);
});

test('a JPEG is turned as its EXIF says', async () => {
  const folder = newFolder();
  // Left half black, right half white; orientation 6 is shown turned by 90 degrees: black above white.
  const data = Uint8Array.from({ length: 16 * 16 * 3 }, (_, at) => (Math.floor(at / 3) % 16 < 8 ? 0 : 255));
  const picture: Pixels = { data, width: 16, height: 16, channels: 3 };
  const rowsOf = async (path: string) => {
    const pixels = await pixelsOf(path, 1, 16, 16);
    return [pixels[2 * 16 + 2]!, pixels[2 * 16 + 13]!, pixels[13 * 16 + 2]!, pixels[13 * 16 + 13]!].map(
      (value) => value > 127,
    );
  };
  expect(await rowsOf(await writeJpeg(join(folder, 'as-it-is.jpg'), picture))).toEqual([false, true, false, true]);
  expect(await rowsOf(await writeJpeg(join(folder, 'turned.jpg'), picture, 6))).toEqual([false, false, true, true]);
});

test('another size: scaled to cover, cut to the middle', async () => {
  // Three bands of 16 x 16: only the middle one is left.
  const data = Uint8Array.from({ length: 48 * 16 }, (_, at) => [0, 120, 240][Math.floor((at % 48) / 16)]!);
  const path = await writePng(join(newFolder(), 'wide.png'), { data, width: 48, height: 16, channels: 1 });
  const pixels = await pixelsOf(path, 1, 16, 16);
  expect(new Set(pixels.slice(8 * 16 + 3, 8 * 16 + 13))).toEqual(new Set([120]));
  expect(await pixelsOf(path, 1, 8, 24)).toHaveLength(8 * 24);
});

test('in batches, in order, preprocessed; the last one is smaller', async () => {
  const folder = newFolder();
  const pictures = Array.from({ length: 7 }, (_, seed) => patternPixels(seed));
  const paths = await Promise.all(pictures.map((picture, index) => writePng(join(folder, `${index}.png`), picture)));
  const { batches, skipped } = await decode(paths, { batch: 3, preprocess: 'unit' });
  expect(batches.map(({ images }) => images.length)).toEqual([3, 3, 1]);
  expect(batches.flatMap(({ images }) => images.map(({ path }) => path))).toEqual(paths);
  expect(batches.flatMap(({ pixels }) => [...pixels])).toEqual(
    pictures.flatMap(({ data }) => [...data].map((value) => Math.fround(value / 255))),
  );
  expect(skipped).toEqual([]);
});

test('what cannot be decoded is named and left out', async () => {
  const folder = newFolder();
  const good = [await writePng(join(folder, '1.png'), COLOUR), await writePng(join(folder, '4.png'), GREY)];
  const noise = join(folder, '2.png');
  writeFileSync(noise, 'no image at all');
  const jpeg = readFileSync(
    await writeJpeg(join(folder, 'whole.jpg'), patternPixels(4, { width: 64, height: 64, channels: 3 })),
  );
  const cut = join(folder, '3.jpg');
  writeFileSync(cut, jpeg.subarray(0, jpeg.length / 2));
  const { batches, skipped } = await decode([good[0]!, noise, cut, good[1]!, join(folder, 'gone.png')], { batch: 2 });
  expect(batches.map(({ images }) => images.map(({ path }) => path))).toEqual([[good[0]], [good[1]]]);
  expect(batches.map(({ pixels }) => pixels.length)).toEqual([192, 192]);
  expect(skipped.map(({ path }) => path).sort()).toEqual([noise, cut, join(folder, 'gone.png')].sort());
  for (const { reason } of skipped) expect(reason).toMatch(/^[^\n]{5,}$/);
});

test('not one readable image', async () => {
  const path = join(newFolder(), '1.png');
  writeFileSync(path, '');
  await expect(decode([path])).rejects.toMatchObject({ kind: 'input', code: 'no-images', where: { file: path } });
});

test('with a store an image is decoded once', async () => {
  const path = await writePng(join(newFolder(), 'colour.png'), COLOUR);
  const kept = keepPixels();
  const [first] = (await decode([path], { kept })).batches;
  writeFileSync(path, 'no image any more');
  const [second] = (await decode([path], { kept })).batches;
  expect([...second!.pixels]).toEqual([...first!.pixels]);
  kept.pixels.clear();
  kept.bytesLeft = 8 * 8 * 3 - 1;
  await writePng(path, COLOUR);
  await decode([path], { kept });
  expect(kept.pixels.size).toBe(0);
});
