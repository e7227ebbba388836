import type { PlainObject } from '../json/json-value.js';
import {
  ALL,
  always,
  INTERPOLATION,
  KERAS,
  type LayerFacts,
  type Loader,
  passesMask,
  type RefusedField,
  type Shape,
  sameShape,
} from './layer-facts.js';

/** The input's shape under any of its names: `batch_input_shape` (Keras 2, tfjs), `batch_shape` (Keras 3), `input_shape`. */
export function inputShape(config: PlainObject): Shape | undefined {
  const perExample = Array.isArray(config.input_shape) ? [config.batch_size ?? null, ...config.input_shape] : undefined;
  const shape = config.batch_input_shape ?? config.batch_shape ?? config.batchInputShape ?? perExample;
  if (!Array.isArray(shape) || !shape.every((size) => size === null || typeof size === 'number')) return undefined;
  return shape as Shape;
}

const other = (loads: readonly Loader[], ...classNames: readonly string[]): readonly LayerFacts[] =>
  classNames.map((className) => ({ className, role: 'other', loads }));

/** Layers whose numbers are changed and whose sizes are not. */
const pointwise = (loads: readonly Loader[], ...classNames: readonly string[]): readonly LayerFacts[] =>
  other(loads, ...classNames).map((facts) => ({ ...facts, outputShape: sameShape }));

const BATCH_SHAPE: RefusedField = {
  loaders: ['keras2'],
  field: 'batch_shape',
  reason: 'is the Keras 3 name of batch_input_shape',
  stops: (value) => value !== undefined,
};

/** TensorFlow.js reads past it, and then needs the other one. */
const BATCH_SHAPE_ALONE: RefusedField = {
  ...BATCH_SHAPE,
  loaders: ['tfjs'],
  stops: (value, _, config) => value !== undefined && config.batch_input_shape === undefined,
};

/** Of other layers it reads none. */
const DTYPE_POLICY: RefusedField = {
  loaders: ['tfjs'],
  field: 'dtype',
  reason: 'is a policy, with which it cannot predict',
  stops: (value) => typeof value === 'object' && value !== null,
};

const adaptivePoolings = (kind: string) => [1, 2, 3].map((rank) => `Adaptive${kind}Pooling${rank}D`);

/** A layer that TensorFlow.js has under the same name, and that does something else there. */
const differsInTfjs = (facts: LayerFacts): LayerFacts => ({ ...facts, differsIn: ['tfjs'] });

/** TensorFlow.js takes it for a way to interpolate. Source: `Resizing.call` in tfjs-layers 4.22. */
const CROPPING: RefusedField = {
  loaders: ['tfjs'],
  field: 'crop_to_aspect_ratio',
  reason: 'crops nothing there',
  stops: (value) => value === true,
  isSilent: true,
};

const passing = (facts: LayerFacts): LayerFacts => ({ ...facts, masking: passesMask });

/** `BaseImagePreprocessingLayer` of Keras 3, and its `Pipeline`. */
const imagePreprocessing = (layers: readonly LayerFacts[]): readonly LayerFacts[] =>
  layers.map((facts) => ({ ...facts, trainsUnlessTold: true }));

/** Layers that change images in training alone: their `transform_images` looks at `training` before anything else. */
const augmentations = (loads: readonly Loader[], ...classNames: readonly string[]): readonly LayerFacts[] =>
  imagePreprocessing(pointwise(loads, ...classNames).map((facts) => ({ ...facts, onlyTrains: always })));

/** Of Keras 2, which forgets the size where it would change it in training. */
const resizedInTraining = (axis: number): Pick<LayerFacts, 'onlyTrains' | 'outputShape'> => ({
  onlyTrains: always,
  outputShape: (_config, [input]) => input?.map((size, index) => (index === axis ? null : size)),
});

export const OTHER_LAYERS: readonly LayerFacts[] = [
  {
    className: 'InputLayer',
    role: 'input',
    loads: ALL,
    weights: () => [],
    outputShape: inputShape,
    refusedFields: [BATCH_SHAPE, BATCH_SHAPE_ALONE, DTYPE_POLICY],
  },
  ...pointwise(ALL, 'Masking').map((facts): LayerFacts => ({ ...facts, masking: () => 'makes' })),
  ...pointwise(ALL, 'Rescaling').map(passing),
  ...pointwise(KERAS, 'ActivityRegularization').map((facts) => ({ ...passing(facts), onlyTrains: always })),
  ...augmentations(KERAS, 'RandomBrightness', 'RandomContrast', 'RandomFlip', 'RandomRotation'),
  ...augmentations(KERAS, 'RandomTranslation', 'RandomZoom'),
  ...augmentations(['keras3'], 'AugMix', 'CutMix', 'Equalization', 'MixUp', 'RandAugment', 'RandomColorDegeneration'),
  ...augmentations(['keras3'], 'RandomColorJitter', 'RandomElasticTransform', 'RandomErasing', 'RandomGaussianBlur'),
  ...augmentations(['keras3'], 'RandomGrayscale', 'RandomHue', 'RandomInvert', 'RandomPerspective'),
  ...augmentations(['keras3'], 'RandomPosterization', 'RandomSaturation', 'RandomSharpness', 'RandomShear'),
  ...augmentations(['keras3'], 'Solarization'),
  // Of images without boxes it makes nothing else in training either.
  ...augmentations(['keras3'], 'MaxNumBoundingBoxes'),
  // ConvNeXt in keras.applications: a learnt factor a channel.
  ...pointwise([], 'LayerScale'),
  // TensorFlow.js works out another shape than it then computes.
  ...other(ALL, 'CategoryEncoding').map(differsInTfjs),
  // They pick other pixels there.
  ...imagePreprocessing(other(ALL, 'CenterCrop').map(differsInTfjs)),
  ...imagePreprocessing(other(ALL, 'Resizing').map(differsInTfjs)).map((facts) => ({
    ...facts,
    refusedFields: [CROPPING, INTERPOLATION],
  })),
  // When the model predicts, Keras 2 resizes to the size of the crop, and Keras 3 gives the whole image.
  ...imagePreprocessing(other(KERAS, 'RandomCrop')).map((facts) => ({ ...facts, differsIn: KERAS })),
  // TensorFlow.js' RandomWidth changes the width in every phase.
  ...other(['tfjs', 'keras2'], 'RandomWidth').map((facts) => ({ ...differsInTfjs(facts), ...resizedInTraining(2) })),
  ...other(['keras2'], 'RandomHeight').map((facts) => ({ ...facts, ...resizedInTraining(1) })),
  ...other(KERAS, 'AdditiveAttention', 'Attention', 'MultiHeadAttention').map(passing),
  ...other(KERAS, 'Discretization', 'HashedCrossing', 'Hashing'),
  ...other(KERAS, 'IntegerLookup', 'SpectralNormalization', 'StringLookup', 'TextVectorization'),
  ...other(KERAS, 'Lambda').map(passing),
  ...other(['keras2'], 'DenseFeatures', 'LocallyConnected1D', 'LocallyConnected2D', 'SlicingOpLambda', 'TFOpLambda'),
  ...other(['keras3'], 'GroupQueryAttention').map(passing),
  ...other(['keras3'], 'TFSMLayer', 'MelSpectrogram', 'STFTSpectrogram', 'ReversibleEmbedding'),
  ...other(['keras3'], ...adaptivePoolings('Average'), ...adaptivePoolings('Max'), 'TorchModuleWrapper', 'FlaxLayer'),
  ...other(['keras3'], 'JaxLayer'),
  // These two change images whenever they are called.
  ...imagePreprocessing(pointwise(['keras3'], 'AutoContrast', 'ContrastLimitedAdaptiveHistogramEqualization')),
  ...other(ALL, 'Functional', 'Sequential'),
  ...other(['tfjs', 'keras2'], 'Model'),
];
