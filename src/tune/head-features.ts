import { type ImageSize, imageBatches, type KeptPixels, type SkippedImage } from '../images/image-batches.js';
import type { ImageFile } from '../images/read-image-folder.js';
import { MAX_FITTED_FEATURE_BYTES } from '../limits.js';
import { randomNumbers, shuffled } from '../random.js';
import type { TensorFlow } from '../runtime/tensorflow.js';
import type { Network } from './network.js';
import { plainLook } from './seen-images.js';
import type { TuneOptions } from './tune-options.js';

export interface FitTask {
  readonly tensorflow: TensorFlow;
  /** Still, with nothing but the head to train: see `makeNetwork`. */
  readonly network: Network;
  readonly size: ImageSize;
  /** Images of the training. */
  readonly images: readonly ImageFile[];
  readonly options: Pick<TuneOptions, 'batch' | 'seed' | 'preprocess' | 'imageSize'>;
  readonly kept: KeptPixels;
  readonly onSkipped: (image: SkippedImage) => void;
}

/** Inputs of a head, image by image. */
export interface HeadFeatures {
  /** Shape for one image: without the axis of the images. */
  readonly shape: readonly number[];
  readonly values: readonly Float32Array[];
  readonly labels: readonly number[];
}

/** Computes the head's inputs, once an image: of all images, or of as many of each class as memory holds. */
export async function gatherFeatures(task: FitTask): Promise<HeadFeatures> {
  const { tensorflow, network, size, options, kept, onSkipped } = task;
  const { seed, preprocess } = options;
  const look = plainLook(tensorflow, network, size);
  const batch = Math.min(options.batch, network.imagesAtOnce(size));
  const values: Float32Array[] = [];
  const labels: number[] = [];
  let shape: readonly number[] = [];
  let bytesLeft = MAX_FITTED_FEATURE_BYTES;
  for await (const decoded of imageBatches(takingTurns(task.images, seed), {
    size,
    batch,
    preprocess,
    onSkipped,
    kept,
  })) {
    let seen = new Float32Array();
    // Not given back by `tidy`, which looks at every number for a tensor.
    tensorflow.tf.tidy(() => {
      const [features] = look(decoded);
      shape = features!.shape.slice(1);
      seen = Float32Array.from(features!.dataSync());
    });
    const length = seen.length / decoded.images.length;
    decoded.images.forEach(({ label }, index) => {
      values.push(seen.subarray(index * length, (index + 1) * length));
      labels.push(label!);
    });
    bytesLeft -= seen.byteLength;
    if (bytesLeft < seen.byteLength) break;
  }
  return { shape, values, labels };
}

/** One image of each class, then a second one of each, and so on. */
function takingTurns(images: readonly ImageFile[], seed: number): readonly ImageFile[] {
  const counts = new Map<number | undefined, number>();
  const ranked = shuffled(images, randomNumbers(seed, 'tune/head/images')).map((image) => {
    const rank = counts.get(image.label) ?? 0;
    counts.set(image.label, rank + 1);
    return { image, rank };
  });
  return ranked.sort((left, right) => left.rank - right.rank).map(({ image }) => image);
}
