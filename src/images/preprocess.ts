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
  const { inputOf, isReversed } = WAYS[how];
  for (let channel = 0; channel < channels; channel++) {
    // Grey images have one channel and use the values of green, the middle one of the three.
    const colour = channels === 1 ? 1 : channel;
    // A pixel has one of few values, so a table of them is quicker than arithmetic.
    const values = Float32Array.from({ length: 256 }, (_, pixel) => inputOf(pixel, colour));
    const from = isReversed ? channels - 1 - channel : channel;
    for (let at = 0; at < pixels.length; at += channels) target[at + channel] = values[pixels[at + from]!]!;
  }
}

interface Way {
  /** @param colour channel of the model's input, from 0 */
  readonly inputOf: (pixel: number, colour: number) => number;
  /** Whether blue comes first. */
  readonly isReversed?: true;
}

const WAYS: Readonly<Record<Preprocess, Way>> = {
  none: { inputOf: (pixel) => pixel },
  unit: { inputOf: (pixel) => pixel / 255 },
  tf: { inputOf: (pixel) => pixel / 127.5 - 1 },
  torch: { inputOf: (pixel, colour) => (pixel / 255 - TORCH_MEAN[colour]!) / TORCH_DEVIATION[colour]! },
  caffe: { inputOf: (pixel, colour) => pixel - CAFFE_MEAN[colour]!, isReversed: true },
};
