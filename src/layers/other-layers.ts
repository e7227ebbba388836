import type { PlainObject } from '../json/json-value.js';
import {
  ALL,
  INTERPOLATION,
  ignoredByTfjs,
  KERAS,
  type LayerFacts,
  type Loader,
  passesMask,
  type RefusedField,
  type Shape,
  sameShape,
} from './layer-facts.js';

/** The input's shape under any of its names: `batch_input_shape` (Keras 2, tfjs), `batch_shape` (Keras 3). */
export function inputShape(config: PlainObject): Shape | undefined {
  const shape = config.batch_input_shape ?? config.batch_shape ?? config.batchInputShape;
  if (!Array.isArray(shape) || !shape.every((size) => size === null || typeof size === 'number')) return undefined;
  return shape as Shape;
}

const other = (loads: readonly Loader[], ...classNames: readonly string[]): readonly LayerFacts[] =>
  classNames.map((className) => ({ className, role: 'other', loads }));

/** Layers whose numbers are changed and whose sizes are not. */
const pointwise = (loads: readonly Loader[], ...classNames: readonly string[]): readonly LayerFacts[] =>
  other(loads, ...classNames).map((facts) => ({ ...facts, outputShape: sameShape }));

const BATCH_SHAPE: RefusedField = {
  loaders: ['tfjs', 'keras2'],
  field: 'batch_shape',
  reason: 'is the Keras 3 name of batch_input_shape',
  stops: (value) => value !== undefined,
};

const adaptivePoolings = (kind: string) => [1, 2, 3].map((rank) => `Adaptive${kind}Pooling${rank}D`);

/** A layer that TensorFlow.js has under the same name, and that does something else there. */
const differsInTfjs =
  (field: string, ...more: readonly RefusedField[]) =>
  (facts: LayerFacts): LayerFacts => ({ ...facts, refusedFields: [ignoredByTfjs(field, () => false), ...more] });

const passing = (facts: LayerFacts): LayerFacts => ({ ...facts, masking: passesMask });

/** `BaseImagePreprocessingLayer` of Keras 3, of which Keras 2 has these; those that only Keras 3 has are never translated. */
const imagePreprocessing = (layers: readonly LayerFacts[]): readonly LayerFacts[] =>
  layers.map((facts) => ({ ...facts, trainsUnlessTold: true }));

export const OTHER_LAYERS: readonly LayerFacts[] = [
  {
    className: 'InputLayer',
    role: 'input',
    loads: ALL,
    weights: () => [],
    outputShape: inputShape,
    refusedFields: [BATCH_SHAPE],
  },
  ...pointwise(ALL, 'Masking').map((facts): LayerFacts => ({ ...facts, masking: () => 'makes' })),
  ...pointwise(ALL, 'Rescaling').map(passing),
  ...pointwise(KERAS, 'ActivityRegularization').map(passing),
  ...imagePreprocessing(pointwise(KERAS, 'RandomBrightness', 'RandomContrast', 'RandomFlip', 'RandomRotation')),
  ...imagePreprocessing(pointwise(KERAS, 'RandomTranslation', 'RandomZoom')),
  // ConvNeXt in keras.applications: a learnt factor a channel.
  ...pointwise([], 'LayerScale'),
  // TensorFlow.js works out another shape than it then computes.
  ...other(ALL, 'CategoryEncoding').map(differsInTfjs('num_tokens')),
  // They pick other pixels there.
  ...imagePreprocessing(other(ALL, 'CenterCrop', 'Resizing').map(differsInTfjs('height', INTERPOLATION))),
  ...imagePreprocessing(other(KERAS, 'RandomCrop')),
  ...other(['tfjs', 'keras2'], 'RandomWidth'),
  ...other(['keras2'], 'RandomHeight'),
  ...other(KERAS, 'AdditiveAttention', 'Attention', 'MultiHeadAttention').map(passing),
  ...other(KERAS, 'Discretization', 'HashedCrossing', 'Hashing'),
  ...other(KERAS, 'IntegerLookup', 'SpectralNormalization', 'StringLookup', 'TextVectorization'),
  ...other(KERAS, 'Lambda').map(passing),
  ...other(['keras2'], 'DenseFeatures', 'LocallyConnected1D', 'LocallyConnected2D', 'SlicingOpLambda', 'TFOpLambda'),
  ...other(['keras3'], 'GroupQueryAttention').map(passing),
  ...other(['keras3'], 'TFSMLayer', 'MelSpectrogram', 'STFTSpectrogram', 'ReversibleEmbedding'),
  ...other(['keras3'], ...adaptivePoolings('Average'), ...adaptivePoolings('Max'), 'TorchModuleWrapper', 'FlaxLayer'),
  ...other(['keras3'], 'JaxLayer', 'AugMix', 'AutoContrast', 'ContrastLimitedAdaptiveHistogramEqualization', 'CutMix'),
  ...other(['keras3'], 'Equalization', 'MaxNumBoundingBoxes', 'MixUp', 'Pipeline', 'RandAugment', 'Solarization'),
  ...other(['keras3'], 'RandomColorDegeneration', 'RandomColorJitter', 'RandomElasticTransform', 'RandomErasing'),
  ...other(['keras3'], 'RandomGaussianBlur', 'RandomGrayscale', 'RandomHue', 'RandomInvert', 'RandomPerspective'),
  ...other(['keras3'], 'RandomPosterization', 'RandomSaturation', 'RandomSharpness', 'RandomShear'),
  ...other(ALL, 'Functional', 'Sequential'),
  ...other(['tfjs', 'keras2'], 'Model'),
];
