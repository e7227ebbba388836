import type { layers as kinds } from '@tensorflow/tfjs-layers';
import { memoizeByObject } from '../formats/memoize-by-object.js';
import type { ImageSize } from '../images/image-batches.js';
import { activationOf, isBatchNorm } from '../runtime/convolution-units.js';
import type { Step } from '../runtime/steps.js';
import { factsOfRunning } from '../runtime/watch-layers.js';
import type { Steps } from './training-steps.js';

/** Bytes of tensors on wasm, where the process then has a peak under 2 GB. */
const WASM_BYTES = 2 ** 30;
/** Less than this is not left for what is between the layers, however large the weights are. */
const LEAST_BYTES = 2 ** 28;
/** Of trained weights there are two moments, gradients, and the sum of those. */
const COPIES_OF_TRAINED = 4;
/** Bytes of tensors between the layers of a network in training, besides weights. */
const NATIVE_BYTES = 2 ** 31;
/** Larger where batch norms are trained: their statistics want the whole batch at once. */
const STATISTICS_BYTES = 3 * 2 ** 31;

/** Tensors of a layer's size that are there at once while its gradient is computed. */
const WORKING = 8;

/** What layers keep for their gradient that keep more than their output. */
const OTHERWISE = 6;

export interface MemoryNeed {
  readonly steps: Steps;
  readonly trained: ReadonlySet<kinds.Layer>;
  /** See `TrainedWeights`. */
  readonly keeping: ReadonlySet<kinds.Layer>;
  /** Numbers of parameters. */
  readonly parameters: { readonly all: number; readonly trained: number };
  readonly isNative: boolean;
}

/** Tells whether a batch's result depends on how many images are computed at once: where batch norms are trained. */
export const usesBatchStatistics = ({ trained, keeping }: Pick<MemoryNeed, 'trained' | 'keeping'>): boolean =>
  [...trained].some((layer) => isBatchNorm(layer) && !keeping.has(layer));

/** It is requested with each batch. */
const known = memoizeByObject<MemoryNeed, ImageSize, number>();

/**
 * Returns how many images are computed at once, so that they fit: found from the shapes of the network, the same on
 * every machine. Gradients of the parts of a batch are added up.
 */
export const imagesAtOnce = (need: MemoryNeed, size: ImageSize): number =>
  known(need, size, () => {
    const { all, trained } = need.parameters;
    const native = usesBatchStatistics(need) ? STATISTICS_BYTES : NATIVE_BYTES;
    const wasm = Math.max(LEAST_BYTES, WASM_BYTES - 4 * (all + COPIES_OF_TRAINED * trained));
    return Math.max(1, Math.floor((need.isNative ? native : wasm) / bytesAnImage(need.steps, size)));
  });

/** The most that one image takes in a training step, from above. */
export function bytesAnImage(steps: Steps, { height, width, channels }: ImageSize): number {
  const shapes = new Map<number, Shape>([[steps.input, [1, height, width, channels]]]);
  let [kept, largest] = [0, 0];
  const others = new Set(steps.others);
  for (const step of [...steps.settled, ...others]) {
    const inputs = step.inputs.map((value) => shapes.get(value)!);
    const outputs = outputShapes(step, inputs);
    step.outputs.forEach((value, index) => {
      shapes.set(value, outputs[index] ?? inputs[0]!);
    });
    const [read, made] = [bytesOf(inputs), bytesOf(outputs)];
    largest = Math.max(largest, read, made);
    if (others.has(step)) kept += made * keptBy(step);
  }
  return bytesOf(steps.frontier.map((value) => shapes.get(value)!)) + kept + WORKING * largest;
}

type Shape = readonly (number | null)[];

const bytesOf = (shapes: readonly Shape[]): number =>
  shapes.reduce((sum, shape) => sum + shape.reduce<number>((product, side) => product * (side ?? 1), 4), 0);

const keptBy = ({ layers: [layer] }: Step): number => {
  const { keepsOnlyOutput, role } = factsOfRunning(layer as kinds.Layer);
  const isQuick = role === 'activation' && activationOf(layer as kinds.Layer) !== undefined;
  return keepsOnlyOutput === true || isQuick ? 1 : OTHERWISE;
};

/** Returns the output shapes as the layers compute them; a layer that cannot is taken to keep its input's shape. */
function outputShapes({ layers }: Step, inputs: readonly Shape[]): readonly Shape[] {
  let shapes = inputs;
  for (const layer of layers) {
    try {
      const given = shapes.map((shape) => [...shape]);
      const found = layer.computeOutputShape(given.length === 1 ? given[0]! : given) as number[] | number[][];
      shapes = Array.isArray(found[0]) ? (found as number[][]) : [found as number[]];
    } catch {
      return inputs;
    }
  }
  return shapes;
}
