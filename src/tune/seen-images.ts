import type { Tensor } from '@tensorflow/tfjs-core';
import type { ImageBatch, ImageSize } from '../images/image-batches.js';
import { MAX_KEPT_FEATURE_BYTES } from '../limits.js';
import type { TensorFlow } from '../runtime/tensorflow.js';
import type { Network } from './network.js';

/** Returns the inputs of `Network.judge` for images. */
export type Look = (batch: ImageBatch) => readonly Tensor[];

/** Computes it. */
export const plainLook =
  ({ tf }: TensorFlow, network: Network, { height, width, channels }: ImageSize): Look =>
  ({ pixels, images }) =>
    network.look(tf.tensor4d(pixels, [images.length, height, width, channels]));

/** The values of one image, a tensor each. */
type Seen = readonly Float32Array[];

/**
 * Computes it once an image and keeps it, up to a cap: what no training changes is the same however often an image comes.
 * A batch of which an image is not known is computed as a whole.
 */
export function rememberSeen(tensorflow: TensorFlow, network: Network, size: ImageSize): Look {
  const look = plainLook(tensorflow, network, size);
  // Pixels alone are kept elsewhere, in a quarter of the memory.
  if (network.looksAtNothing) return look;
  const { tf } = tensorflow;
  const known = new Map<string, Seen>();
  let bytesLeft = MAX_KEPT_FEATURE_BYTES;
  let shapes: readonly (readonly number[])[] = [];
  return (batch) => {
    const seen = batch.images.map(({ path }) => known.get(path));
    if (seen.every((each) => each !== undefined)) {
      return shapes.map((shape, index) => tf.stack(seen.map((each) => tf.tensor(each[index]!, [...shape]))));
    }
    const computed = look(batch);
    shapes = computed.map(({ shape }) => shape.slice(1));
    const bytes = computed.reduce((sum, { size: count }) => sum + (4 * count) / batch.images.length, 0);
    const values = bytes * batch.images.length <= bytesLeft ? computed.map((tensor) => tensor.dataSync()) : undefined;
    if (values === undefined) return computed;
    for (const [index, { path }] of batch.images.entries()) {
      if (known.has(path)) continue;
      known.set(
        path,
        values.map(
          (each) =>
            each.slice((index * each.length) / seen.length, ((index + 1) * each.length) / seen.length) as Float32Array,
        ),
      );
      bytesLeft -= bytes;
    }
    return computed;
  };
}
