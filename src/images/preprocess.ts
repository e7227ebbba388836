export const PREPROCESS_NAMES = ['none', 'unit', 'tf', 'torch', 'caffe'] as const;

/** Transformation of pixels from 0 to 255 before the model sees them, by the names that keras.applications uses. */
export type Preprocess = (typeof PREPROCESS_NAMES)[number];

// Of ImageNet; the numbers of keras/src/applications/imagenet_utils.py.
const TORCH_MEAN = [0.485, 0.456, 0.406] as const;
const TORCH_DEVIATION = [0.229, 0.224, 0.225] as const;
const CAFFE_MEAN = [103.939, 116.779, 123.68] as const;

/**
 * Writes the pixels of one image as inputs of the model.
 * @param pixels height x width x channels, from 0 to 255; channels are 1 or 3
 * @param target of the same length, float32
 */
export function preprocess(pixels: Uint8Array, channels: number, how: Preprocess, target: Float32Array): void {
  const valueAt = WAYS[how](pixels, channels);
  for (let index = 0; index < pixels.length; index++) target[index] = valueAt(index);
}

const WAYS: Readonly<Record<Preprocess, (pixels: Uint8Array, channels: number) => (index: number) => number>> = {
  none: (pixels) => (index) => pixels[index]!,
  unit: (pixels) => (index) => pixels[index]! / 255,
  tf: (pixels) => (index) => pixels[index]! / 127.5 - 1,
  torch: (pixels, channels) => (index) => {
    // Grey images have one channel and use the values of green, the middle one of the three.
    const channel = channels === 1 ? 1 : index % channels;
    return (pixels[index]! / 255 - TORCH_MEAN[channel]!) / TORCH_DEVIATION[channel]!;
  },
  caffe: (pixels, channels) => (index) => {
    if (channels === 1) return pixels[index]! - CAFFE_MEAN[1];
    const channel = index % channels;
    // Blue comes first there.
    return pixels[index + 2 - 2 * channel]! - CAFFE_MEAN[channel]!;
  },
};
