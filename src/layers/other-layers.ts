import type { PlainObject } from '../json/json-value.js';
import {
  ALL,
  ignoredByTfjs,
  KERAS,
  type LayerFacts,
  type Loader,
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

/** Layers that TensorFlow.js has under the same name, and that pick other pixels there. */
const otherPixels = (className: string): LayerFacts => ({
  className,
  role: 'other',
  loads: ALL,
  refusedFields: [ignoredByTfjs('height', () => false)],
});

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
  ...pointwise(ALL, 'Rescaling'),
  ...pointwise(KERAS, 'ActivityRegularization', 'RandomBrightness', 'RandomContrast', 'RandomFlip'),
  ...pointwise(KERAS, 'RandomRotation', 'RandomTranslation', 'RandomZoom'),
  // ConvNeXt in keras.applications: a learnt factor a channel.
  ...pointwise([], 'LayerScale'),
  ...other(ALL, 'CategoryEncoding', 'MultiHeadAttention'),
  ...['CenterCrop', 'Resizing'].map(otherPixels),
  ...other(['tfjs', 'keras2'], 'RandomHeight', 'RandomWidth'),
  ...other(KERAS, 'AdditiveAttention', 'Attention', 'Discretization', 'HashedCrossing', 'Hashing'),
  ...other(
    KERAS,
    'IntegerLookup',
    'Lambda',
    'RandomCrop',
    'SpectralNormalization',
    'StringLookup',
    'TextVectorization',
  ),
  ...other(['keras2'], 'DenseFeatures', 'LocallyConnected1D', 'LocallyConnected2D', 'SlicingOpLambda', 'TFOpLambda'),
  ...other(['keras3'], 'TFSMLayer', 'MelSpectrogram', 'STFTSpectrogram', 'GroupQueryAttention', 'ReversibleEmbedding'),
  ...other(['keras3'], ...adaptivePoolings('Average'), ...adaptivePoolings('Max'), 'TorchModuleWrapper', 'FlaxLayer'),
  ...other(['keras3'], 'JaxLayer', 'AugMix', 'AutoContrast', 'ContrastLimitedAdaptiveHistogramEqualization', 'CutMix'),
  ...other(['keras3'], 'Equalization', 'MaxNumBoundingBoxes', 'MixUp', 'Pipeline', 'RandAugment', 'Solarization'),
  ...other(['keras3'], 'RandomColorDegeneration', 'RandomColorJitter', 'RandomElasticTransform', 'RandomErasing'),
  ...other(['keras3'], 'RandomGaussianBlur', 'RandomGrayscale', 'RandomHue', 'RandomInvert', 'RandomPerspective'),
  ...other(['keras3'], 'RandomPosterization', 'RandomSaturation', 'RandomSharpness', 'RandomShear'),
  ...other(ALL, 'Functional', 'Sequential'),
  ...other(['tfjs', 'keras2'], 'Model'),
];
