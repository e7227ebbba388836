import type { LayersModel } from '@tensorflow/tfjs-layers';
import { inputError, usageError } from '../errors.js';
import { isOperation, operationId } from '../formats/dialects/translate/read-operation.js';
import type { ImageSize } from '../images/image-batches.js';
import type { Preprocess } from '../images/preprocess.js';
import { factsOf } from '../layers/known-layers.js';
import { findOperation } from '../layers/operations/known-operations.js';
import { resolveGraph } from '../model/graph-nodes.js';
import { OPEN_SIDE, readImageInput } from '../model/image-input.js';
import type { Graph, Layer, Model } from '../model/model.js';

const rescales = (layer: Layer): boolean => {
  if (isOperation(layer)) return findOperation(operationId(layer))?.rescales === true;
  const { scale, offset } = layer.settings;
  // A conversion writes one that does nothing but make whole numbers single precision.
  return factsOf(layer.className, layer.settings).rescales === true && !(scale === 1 && offset === 0);
};

/** The size of images that a model takes. */
export interface ModelImageSize extends ImageSize {
  /** Whether the model takes images of any size and none was given: the size is a guess. */
  readonly isAssumed: boolean;
}

/**
 * The size of images that a model takes.
 * @param side of the images, where the model leaves it open
 * @throws RetrofitError `not-an-image-model` if it has several inputs, or one that takes no images; `bad-option` for a side
 * that it does not take
 */
export function imageSize(runs: LayersModel, path: string, side?: number): ModelImageSize {
  const found = readImageInput(runs.inputs.map(({ shape }) => shape));
  if ('problem' in found) {
    throw inputError('not-an-image-model', `the model ${found.problem}: images cannot be given to it`, {
      where: { file: path },
      hint: 'a model with one input of height x width x 1 (grey) or 3 (colour) takes images',
    });
  }
  const { height, width, channels } = found;
  if (side !== undefined && (side !== (height ?? side) || side !== (width ?? side))) {
    throw usageError(
      'bad-option',
      `--image-size ${side}: the model takes images of ${height ?? side} x ${width ?? side}`,
      {
        where: { file: path, field: 'imageSize' },
        hint: 'leave it out: images are scaled to what the model takes',
      },
    );
  }
  const open = side ?? OPEN_SIDE;
  const isAssumed = side === undefined && (height === null || width === null);
  return { height: height ?? open, width: width ?? open, channels, isAssumed };
}

/** Default preprocessing of pixels: none if the model rescales by itself, else pixels / 255. */
export const defaultPreprocess = (model: Model): Preprocess => (rescalesPixels(model.graph) ? 'none' : 'unit');

/**
 * Tells whether a graph rescales its input. Hard-swish is rescaling too where it is converted: behind weights none
 * counts.
 */
function rescalesPixels(graph: Graph): boolean {
  const { nodes } = resolveGraph(graph);
  // Layers and models of them augment and resize pixels in front of the rescaling; none of them has weights.
  const arePixels: boolean[] = [];
  for (const { layer, inputs } of nodes) {
    const readsPixels = inputs.every(({ node }) => arePixels[node]);
    if (readsPixels && rescales(layer)) return true;
    if (readsPixels && layer.graph !== undefined && rescalesPixels(layer.graph)) return true;
    arePixels.push(readsPixels && !hasWeights(layer));
  }
  return false;
}

/** A generator of random numbers is stored as a weight too. */
const hasWeights = ({ weights, graph }: Layer): boolean =>
  weights.some(({ name }) => !name.includes('seed_generator')) || graph?.layers.some(hasWeights) === true;
