import type { Shape } from '../layers/layer-facts.js';

/** Side to which images are scaled where the model leaves it open: most networks were trained with it. */
export const OPEN_SIDE = 224;

/** A side of null is open; `problem` says, behind "the model", why it takes no images. */
export type ImageInput =
  | { readonly height: number | null; readonly width: number | null; readonly channels: 1 | 3 }
  | { readonly problem: string };

/** Tells whether a model that takes tensors of these shapes takes images, and of which size. */
export function readImageInput(shapes: readonly (Shape | undefined)[]): ImageInput {
  if (shapes.length !== 1) return { problem: `has ${shapes.length} inputs` };
  const [shape = []] = shapes;
  const rank = Math.max(shape.length - 1, 0);
  if (rank !== 3) return { problem: `has an input of ${rank} ${rank === 1 ? 'dimension' : 'dimensions'}` };
  const [, height, width, channels] = shape as [null, number | null, number | null, number | null];
  if (height === 3 && channels !== 3) return { problem: 'takes its channels first (channels_first)' };
  if (channels !== 1 && channels !== 3) return { problem: `has an input of ${channels ?? 'any number of'} channels` };
  return { height, width, channels };
}
