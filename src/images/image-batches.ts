import { setImmediate } from 'node:timers/promises';
import { inputError } from '../errors.js';
import { MAX_KEPT_PIXEL_BYTES } from '../limits.js';
import { loadSharp } from './load-sharp.js';
import { type Preprocess, preprocess } from './preprocess.js';
import type { ImageFile } from './read-image-folder.js';

/** Size of the images that a model takes. */
export interface ImageSize {
  readonly height: number;
  readonly width: number;
  /** 1: grey, 3: colour. */
  readonly channels: 1 | 3;
}

/** Images as a model's input: [images, height, width, channels] in row-major order. */
export interface ImageBatch {
  readonly pixels: Float32Array;
  readonly images: readonly ImageFile[];
}

/** An image that cannot be decoded, and why. */
export interface SkippedImage {
  readonly path: string;
  readonly reason: string;
}

export interface BatchOptions {
  readonly size: ImageSize;
  readonly batch: number;
  readonly preprocess: Preprocess;
  /** Called for each image that cannot be decoded; it is left out. */
  readonly onSkipped: (image: SkippedImage) => void;
  /** Keeps decoded images for later calls with the same store and the same size. */
  readonly kept?: KeptPixels;
}

/** Decoded images by their paths, up to a cap. */
export interface KeptPixels {
  readonly pixels: Map<string, Uint8Array>;
  /** Bytes that may still be kept. */
  bytesLeft: number;
}

export const keepPixels = (): KeptPixels => ({ pixels: new Map(), bytesLeft: MAX_KEPT_PIXEL_BYTES });

/**
 * Decodes images in batches, the next one while one is used: memory holds two, however many images there are. An image
 * is turned as its EXIF says, scaled to cover the size, and cut to its middle; transparency is dropped. Colour becomes
 * grey as Keras' loaders have it (Pillow's `convert("L")`, ITU-R 601), not by linear light as sharp has it.
 * @throws RetrofitError `no-sharp` where images cannot be decoded here, `no-images` if not one image is readable
 */
export async function* imageBatches(images: readonly ImageFile[], options: BatchOptions): AsyncGenerator<ImageBatch> {
  const decode = keeping(await imageDecoder(options.size), options.kept);
  let count = 0;
  let next = decodeBatch(images.slice(0, options.batch), decode, options);
  for (let start = 0; start < images.length; start += options.batch) {
    const batch = await next;
    const following = images.slice(start + options.batch, start + 2 * options.batch);
    next = decodeBatch(following, decode, options);
    // A consumer that stops early leaves this promise unawaited.
    next.catch(() => {});
    count += batch.images.length;
    // Where everything awaited is there already, as with kept pixels, a signal would not be handled before the end.
    await setImmediate();
    if (batch.images.length > 0) yield batch;
  }
  if (count === 0) {
    throw inputError('no-images', 'not one of the images can be decoded', {
      where: { file: images[0]?.path },
      hint: 'look whether the files are images',
    });
  }
}

type Decode = (path: string) => Promise<Uint8Array>;

async function decodeBatch(images: readonly ImageFile[], decode: Decode, options: BatchOptions): Promise<ImageBatch> {
  const { height, width, channels } = options.size;
  const decoded = await Promise.all(
    images.map(async (image) => {
      try {
        return { image, pixels: await decode(image.path) };
      } catch (error) {
        options.onSkipped({ path: image.path, reason: (error as Error).message.split('\n')[0]! });
        return undefined;
      }
    }),
  );
  const readable = decoded.filter((image) => image !== undefined);
  const length = height * width * channels;
  const pixels = new Float32Array(readable.length * length);
  readable.forEach((image, index) => {
    preprocess(image.pixels, channels, options.preprocess, pixels.subarray(index * length, (index + 1) * length));
  });
  return { pixels, images: readable.map(({ image }) => image) };
}

function keeping(decode: Decode, kept: KeptPixels | undefined): Decode {
  if (kept === undefined) return decode;
  return async (path) => {
    const known = kept.pixels.get(path);
    if (known !== undefined) return known;
    const pixels = await decode(path);
    if (pixels.byteLength <= kept.bytesLeft) {
      kept.pixels.set(path, pixels);
      kept.bytesLeft -= pixels.byteLength;
    }
    return pixels;
  };
}

async function imageDecoder({ height, width, channels }: ImageSize): Promise<Decode> {
  const sharp = await loadSharp('images are decoded');
  return async (path) => {
    const { data, info } = await sharp(path, { failOn: 'error' })
      .autoOrient()
      .removeAlpha()
      .toColourspace('srgb')
      .resize(width, height, { fit: 'cover' })
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    if (info.channels !== 3) throw new Error(`it has ${info.channels} channels, not 3`);
    return channels === 1 ? greyOf(data) : data;
  };
}

/** Pillow's integers: a grey pixel keeps its value. */
const greyOf = (colours: Uint8Array): Uint8Array =>
  Uint8Array.from({ length: colours.length / 3 }, (_, pixel) => {
    const at = 3 * pixel;
    return (19_595 * colours[at]! + 38_470 * colours[at + 1]! + 7_471 * colours[at + 2]! + 0x8000) >> 16;
  });
