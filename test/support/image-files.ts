import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import sharp from 'sharp';

/** Pixels from 0 to 255, row by row. */
export interface Pixels {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  /** 1: grey, 3: colour, 4: colour and transparency. */
  readonly channels: 1 | 3 | 4;
}

const imageOf = ({ data, ...raw }: Pixels) =>
  raw.channels === 1 ? sharp(data, { raw }).toColourspace('b-w') : sharp(data, { raw });

/** Writes a picture, losslessly; makes the folder. */
export async function writePng(path: string, pixels: Pixels): Promise<string> {
  mkdirSync(dirname(path), { recursive: true });
  await imageOf(pixels).png().toFile(path);
  return path;
}

/** Writes a picture as JPEG; with an EXIF orientation if one is given. */
export async function writeJpeg(path: string, pixels: Pixels, orientation?: number): Promise<string> {
  mkdirSync(dirname(path), { recursive: true });
  const image = imageOf(pixels);
  const turned = orientation === undefined ? image : image.withMetadata({ orientation });
  await turned.jpeg({ quality: 100, chromaSubsampling: '4:4:4' }).toFile(path);
  return path;
}

/** A picture whose pixels all differ from their neighbours, another one for each seed. */
export const patternPixels = (
  seed: number,
  { width, height, channels }: Omit<Pixels, 'data'> = { width: 8, height: 8, channels: 3 },
): Pixels => ({
  data: Uint8Array.from({ length: width * height * channels }, (_, at) => (at * 37 + seed * 101 + (at >> 3)) % 256),
  width,
  height,
  channels,
});
