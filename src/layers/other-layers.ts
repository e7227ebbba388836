import { fromPlain, isPlainObject, type PlainObject } from '../json/json-value.js';
import { numberIn } from './config.js';
import {
  ALL,
  ANY,
  always,
  type FieldProblem,
  INTERPOLATION,
  KERAS,
  type LayerFacts,
  type Loader,
  type OwnFields,
  passesMask,
  type RefusedField,
  type Shape,
  sameShape,
} from './layer-facts.js';
import { INPUT_SHAPE, orNull } from './size-rules.js';

/** The input's shape under any of its names: `batch_input_shape` (Keras 2, tfjs), `batch_shape` (Keras 3), `input_shape`. */
export function inputShape(config: PlainObject): Shape | undefined {
  const perExample = Array.isArray(config.input_shape) ? [config.batch_size ?? null, ...config.input_shape] : undefined;
  const shape = config.batch_input_shape ?? config.batch_shape ?? config.batchInputShape ?? perExample;
  if (!Array.isArray(shape) || !shape.every((size) => size === null || typeof size === 'number')) return undefined;
  return shape as Shape;
}

/** @param fields undefined where they are not known */
const other = (
  className: string,
  loads: readonly Loader[],
  fields?: string,
  more: Partial<LayerFacts> = {},
): LayerFacts => ({ className, role: 'other', loads, ...(fields === undefined ? {} : { fields }), ...more });

/** A layer whose numbers are changed and whose sizes are not. */
const pointwise = (...[className, loads, fields, more]: Parameters<typeof other>): LayerFacts =>
  other(className, loads, fields, { outputShape: sameShape, ...more });

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

/** TensorFlow.js loads it so, and cannot predict; the Kerases do not make it. */
const NO_SCALE: RefusedField = {
  loaders: ALL,
  field: 'scale',
  reason: 'is missing',
  stops: (value) => value === undefined || value === null,
};

/** Of other layers it reads none. */
const DTYPE_POLICY: RefusedField = {
  loaders: ['tfjs'],
  field: 'dtype',
  reason: 'is a policy, with which it cannot predict',
  stops: (value) =>
    (typeof value === 'object' && value !== null) || (typeof value === 'string' && /^mixed_/.test(value)),
};

/** A layer that TensorFlow.js has under the same name, and that does something else there. */
const DIFFERS_IN_TFJS: Partial<LayerFacts> = { differsIn: ['tfjs'] };

/** TensorFlow.js takes it for a way to interpolate. Source: `Resizing.call` in tfjs-layers 4.22. */
const CROPPING: RefusedField = {
  loaders: ['tfjs'],
  field: 'crop_to_aspect_ratio',
  reason: 'crops nothing there',
  stops: (value) => value === true,
  isSilent: true,
};

const PASSES: Partial<LayerFacts> = { masking: passesMask };

/** Of `BaseImagePreprocessingLayer` of Keras 3, and its `Pipeline`. */
const IMAGES: Partial<LayerFacts> = { trainsByDefault: true };

/** A layer that changes images in training alone: its `transform_images` looks at `training` before anything else. */
const augmentation = (className: string, loads: readonly Loader[], fields?: string, keras3?: OwnFields): LayerFacts =>
  pointwise(className, loads, fields, {
    ...IMAGES,
    onlyTrains: always,
    ...(fields === undefined ? {} : RANDOM),
    ...(keras3 === undefined ? {} : { keras3Fields: { ...RANDOM.keras3Fields, ...keras3 } }),
  });

const RANDOM = { keras2Fields: { rng_type: ANY }, keras3Fields: { data_format: 'channels_last' } } as const;
const RANDOM_MOVE = 'fill_mode fill_value interpolation seed';

const NEW_AUGMENTATIONS = (
  'AugMix CutMix Equalization MixUp RandAugment RandomColorDegeneration RandomColorJitter RandomElasticTransform ' +
  'RandomErasing RandomGaussianBlur RandomGrayscale RandomHue RandomInvert RandomPerspective RandomPosterization ' +
  // Of images without boxes the last one makes nothing else in training either.
  'RandomSaturation RandomSharpness Solarization MaxNumBoundingBoxes'
).split(' ');

/** A single factor is saved as a range around 0, of which Keras 3.15 loads the part above alone. */
const belowZero = (field: string): RefusedField => ({
  loaders: ['keras3'],
  field,
  reason: 'is a range that begins below 0, which Keras 3 saves and does not load',
  stops: (value) => Array.isArray(value) && value.some((end) => typeof end === 'number' && end < 0),
});

/** Of Keras 2, which forgets the size where it would change it in training. */
const resizedInTraining = (axis: number): Partial<LayerFacts> => ({
  onlyTrains: always,
  outputShape: (_config, [input]) => input?.map((size, index) => (index === axis ? null : size)),
});

/** Functions with a name stand in it as that, others as what Python compiled. */
function heldPython(config: PlainObject): FieldProblem | undefined {
  const found = ['function', 'output_shape'].find((field) => {
    const value = config[field];
    return config[`${field}_type`] === 'lambda' || (isPlainObject(value) && value.class_name === '__lambda__');
  });
  return found === undefined ? undefined : { field: found, reason: 'contains Python code' };
}

const PYTHON = 'carries Python code that Keras runs when it loads the model';

const READS_FILE: Partial<LayerFacts> = { readsFile: true };
const LOOKUP =
  'max_tokens num_oov_indices oov_token mask_token output_mode sparse pad_to_max_tokens vocabulary idf_weights invert ' +
  'vocabulary_size has_input_vocabulary vocabulary_dtype encoding';
/** Keras 3 writes how many bins it was to find, beside the boundaries that it found. */
const BINS_TWICE: RefusedField = {
  loaders: ['keras2'],
  field: 'num_bins',
  reason: 'stands beside bin_boundaries, and it takes one of them',
  stops: (value, _hasModule, config) => (value ?? null) !== null && (config.bin_boundaries ?? null) !== null,
  instead: () => fromPlain(null),
};

export const OTHER_LAYERS: readonly LayerFacts[] = [
  {
    className: 'InputLayer',
    role: 'input',
    loads: ALL,
    fields: 'name dtype input_shape batch_input_shape batch_shape batch_size sparse ragged optional',
    keras3Fields: { trainable: ANY, autocast: ANY, activity_regularizer: null },
    renamedField: { tfjs: 'batch_input_shape', keras2: 'batch_input_shape', keras3: 'batch_shape' },
    saysInput: true,
    weights: () => [],
    outputShape: inputShape,
    masking: passesMask,
    sizes: { batch_shape: orNull(INPUT_SHAPE) },
    refusedFields: [BATCH_SHAPE, BATCH_SHAPE_ALONE, DTYPE_POLICY],
  },
  pointwise('Masking', ALL, 'mask_value', {
    masking: () => 'makes',
    maskedValue: ({ mask_value: value }) => value ?? 0,
  }),
  pointwise('Rescaling', ALL, 'scale offset', {
    ...PASSES,
    rescales: true,
    absent: { tfjs: { offset: 0 }, keras2: { offset: 0 } },
    refusedFields: [NO_SCALE],
  }),
  pointwise('ActivityRegularization', KERAS, 'l1 l2', { ...PASSES, onlyTrains: always }),
  augmentation('RandomBrightness', KERAS, 'factor value_range seed'),
  augmentation('RandomContrast', KERAS, 'factor seed', { value_range: [0, 255] }),
  augmentation('RandomFlip', KERAS, 'mode seed'),
  augmentation('RandomRotation', KERAS, `factor ${RANDOM_MOVE}`),
  augmentation('RandomTranslation', KERAS, `height_factor width_factor ${RANDOM_MOVE}`),
  augmentation('RandomZoom', KERAS, `height_factor width_factor ${RANDOM_MOVE}`),
  ...NEW_AUGMENTATIONS.map((className) => augmentation(className, ['keras3'])),
  { ...augmentation('RandomShear', ['keras3']), refusedFields: ['x_factor', 'y_factor'].map(belowZero) },
  // ConvNeXt in keras.applications: a learnt factor a channel.
  pointwise('LayerScale', [], undefined, { module: 'keras.src.applications.convnext' }),
  // TensorFlow.js works out another shape than it then computes.
  other('CategoryEncoding', ALL, 'num_tokens output_mode sparse', { ...DIFFERS_IN_TFJS, indexedBy: 'num_tokens' }),
  // These two pick other pixels there.
  other('CenterCrop', ALL, 'height width', {
    ...IMAGES,
    ...DIFFERS_IN_TFJS,
    keras3Fields: { data_format: 'channels_last' },
  }),
  other('Resizing', ALL, 'height width interpolation crop_to_aspect_ratio', {
    ...IMAGES,
    ...DIFFERS_IN_TFJS,
    keras3Fields: {
      data_format: 'channels_last',
      pad_to_aspect_ratio: false,
      fill_mode: ANY,
      fill_value: ANY,
      antialias: false,
    },
    refusedFields: [CROPPING, INTERPOLATION],
  }),
  other('RandomCrop', KERAS, 'height width seed', {
    ...IMAGES,
    ...RANDOM,
    differsIn: KERAS,
    differsBy:
      'it works when the model predicts, too, where Keras 2 resizes the middle of the image to the size of the crop, and Keras 3 gives the whole image',
  }),
  // TensorFlow.js' RandomWidth changes the width in every phase.
  other('RandomWidth', ['tfjs', 'keras2'], 'factor interpolation seed rng_type', {
    ...DIFFERS_IN_TFJS,
    ...resizedInTraining(2),
  }),
  other('RandomHeight', ['keras2'], 'factor interpolation seed rng_type', resizedInTraining(1)),
  other('Discretization', KERAS, 'bin_boundaries num_bins epsilon output_mode sparse', {
    keras2Fields: { trainable: ANY },
    refusedFields: [BINS_TWICE],
  }),
  other('HashedCrossing', KERAS, 'num_bins output_mode sparse'),
  other('Hashing', KERAS, 'num_bins salt mask_value output_mode sparse'),
  ...['IntegerLookup', 'StringLookup'].map((className) =>
    other(className, KERAS, LOOKUP, {
      ...READS_FILE,
      keras3Fields: { oov_method: 'floormod', salt: null },
      // Keras 3 writes float32 for a layer that makes whole numbers, with which Keras 2 does not make it.
      dtypeRefusedBy: ['keras2'],
    }),
  ),
  other('TextVectorization', KERAS, undefined, READS_FILE),
  other('Lambda', KERAS, undefined, { ...PASSES, runsCode: PYTHON, wantsTrust: heldPython }),
  // The object of its function.
  other('__lambda__', [], undefined, { runsCode: PYTHON }),
  ...['DenseFeatures', 'SlicingOpLambda', 'TensorFlowOpLayer', 'TFOpLambda'].map((className) =>
    other(className, ['keras2']),
  ),
  other('TFSMLayer', ['keras3'], undefined, {
    runsCode: 'makes Keras load and run a SavedModel from a path',
    wantsTrust: () => ({ field: 'filepath', reason: 'names a SavedModel' }),
  }),
  other('TorchModuleWrapper', ['keras3'], undefined, {
    runsCode: 'makes Keras unpickle a PyTorch module',
    wantsTrust: () => ({ field: 'module', reason: 'holds a pickled PyTorch module' }),
  }),
  other('FlaxLayer', ['keras3'], undefined, { runsCode: 'carries code that Keras runs' }),
  other('JaxLayer', ['keras3'], undefined, { runsCode: 'carries code that Keras runs' }),
  ...['MelSpectrogram', 'STFTSpectrogram'].map((className) => other(className, ['keras3'])),
  other('ReversibleEmbedding', ['keras3'], undefined, {
    weights: (config) => {
      const [words, size] = [numberIn(config, 'input_dim') ?? null, numberIn(config, 'output_dim') ?? null];
      const there = { name: 'embeddings', base: 'embeddings', shape: [words, size] };
      const back = { name: 'reverse_embeddings', base: 'reverse_embeddings', shape: [size, words] };
      return config.tie_weights === false ? [there, back] : [there];
    },
  }),
  ...['Average', 'Max'].flatMap((kind) => [1, 2, 3].map((rank) => other(`Adaptive${kind}Pooling${rank}D`, ['keras3']))),
  // These two change images whenever they are called.
  pointwise('AutoContrast', ['keras3'], undefined, IMAGES),
  pointwise('ContrastLimitedAdaptiveHistogramEqualization', ['keras3'], undefined, IMAGES),
  other('Functional', ALL),
  other('Sequential', ALL),
  other('Model', ['tfjs', 'keras2']),
];
