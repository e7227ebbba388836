import type { PlainObject } from '../json/json-value.js';
import { activationCommutes, isRectifier } from './activations.js';
import { numberIn } from './config.js';
import {
  ALL,
  ANY,
  AXES_WITHOUT_MODULE,
  always,
  COMMUTES,
  commutes,
  ignoredByTfjs,
  initialized,
  KERAS,
  type LayerFacts,
  type Loader,
  passesMask,
  type RefusedField,
  type Scaling,
  type Shape,
  sameShape,
  type Wording,
} from './layer-facts.js';
import { AXES, orNull } from './size-rules.js';

const activation = (
  className: string,
  loads: readonly Loader[],
  fields: string | undefined,
  scaling?: (config: PlainObject) => Scaling | undefined,
): LayerFacts => ({
  className,
  role: 'activation',
  loads,
  ...(fields === undefined ? {} : { fields }),
  outputShape: sameShape,
  weights: () => [],
  masking: passesMask,
  ...(scaling === undefined ? {} : { scaling }),
});

const rectifier = (...of: Parameters<typeof activation>): LayerFacts => ({
  ...activation(...of),
  isRectifier: () => true,
});

const isZero = (value: unknown) => value === undefined || value === null || value === 0;

// max(x, 0) with a slope below zero commutes; a ceiling or a threshold stands still while x doubles.
export const reluScaling = (config: PlainObject) =>
  (config.max_value === undefined || config.max_value === null) && isZero(config.threshold) ? COMMUTES : undefined;

const reluName = ({ max_value: ceiling = null }: PlainObject): string | undefined =>
  ceiling === null ? 'relu' : ceiling === 6 ? 'relu6' : undefined;

/** TensorFlow.js' ReLU knows a ceiling only; it has the slope and the threshold as layers of their own. */
function reluForTfjs(config: PlainObject, loader: Loader): Wording | undefined {
  const slope = numberIn(config, 'negative_slope') ?? 0;
  const threshold = numberIn(config, 'threshold') ?? 0;
  if (loader !== 'tfjs' || (config.max_value ?? null) !== null || (slope === 0) === (threshold === 0)) return undefined;
  return slope === 0
    ? {
        className: 'ThresholdedReLU',
        renamed: { threshold: 'theta' },
        fields: { max_value: undefined, negative_slope: undefined },
      }
    : { className: 'LeakyReLU', fields: { max_value: undefined, threshold: undefined } };
}

function parametricShape(config: PlainObject, input: Shape | undefined): Shape | undefined {
  const shared = Array.isArray(config.shared_axes) ? config.shared_axes : [];
  return input?.slice(1).map((size, index) => (shared.includes(index + 1) ? 1 : size));
}

/** Keras takes all axes together. */
const ALL_AXES: RefusedField = {
  loaders: ['tfjs'],
  field: 'axis',
  reason: 'is null, which it takes for 1',
  stops: (value) => value === null,
  isSilent: true,
};

const ELU_ALPHA: RefusedField = {
  loaders: ['tfjs'],
  field: 'alpha',
  reason: 'is not 1, the only one it has',
  stops: (value) => value !== undefined && value !== null && value !== 1,
};

export const ACTIVATION_LAYERS: readonly LayerFacts[] = [
  {
    ...activation('Activation', ALL, 'activation', (config) => (activationCommutes(config) ? COMMUTES : undefined)),
    onlyActivates: true,
    isRectifier,
    absent: { tfjs: { activation: 'linear' } },
  },
  {
    ...rectifier('ReLU', ALL, 'max_value negative_slope threshold', reluScaling),
    standIn: reluForTfjs,
    functionName: reluName,
    keepsOnlyOutput: true,
    // Any ceiling but that of ReLU6 is the range of a result.
    isRectifier: (config) => reluName(config) !== undefined,
    refusedFields: ['negative_slope', 'threshold'].map((field) => ignoredByTfjs(field, (value) => value === 0)),
  },
  {
    ...rectifier('LeakyReLU', ALL, 'alpha negative_slope', commutes),
    renamedField: { tfjs: 'alpha', keras2: 'alpha', keras3: 'negative_slope' },
  },
  {
    ...rectifier('PReLU', ALL, `${initialized('alpha')} shared_axes`, commutes),
    sizes: { shared_axes: orNull(AXES) },
    weights: (config, [input]) => [{ name: 'alpha', base: 'alpha', shape: parametricShape(config, input) }],
  },
  { ...rectifier('ELU', ALL, 'alpha'), refusedFields: [ELU_ALPHA] },
  {
    ...activation('Softmax', ALL, 'axis'),
    functionName: () => 'softmax',
    makesProbabilities: true,
    takesMask: 'otherwise',
    masksDifferIn: ['tfjs'],
    sizes: { axis: orNull(AXES) },
    refusedFields: [AXES_WITHOUT_MODULE, ALL_AXES],
    // TensorFlow.js 4.22 begins with 1, Keras with the last.
    absent: { tfjs: { axis: 1 }, keras2: { axis: -1 } },
  },
  {
    ...rectifier('ThresholdedReLU', ['tfjs', 'keras2'], 'theta'),
    // A ReLU is cut off at the threshold itself, too.
    standIn: ({ theta }, loader) =>
      loader === 'keras3'
        ? { className: 'ReLU', renamed: { theta: 'threshold' }, fields: theta === undefined ? { threshold: 1 } : {} }
        : undefined,
  },
];

/** Layers that change their input in training only. */
const dropout = (
  className: string,
  loads: readonly Loader[],
  fields: string | undefined,
  scaling?: () => Scaling,
): LayerFacts => ({
  ...activation(className, loads, fields, scaling),
  role: 'dropout',
  onlyTrains: always,
});

/** Only the classes of Keras 3 have no such arguments; none has weights to train. */
const spatialDropout = (...of: Parameters<typeof dropout>): LayerFacts => ({
  ...dropout(...of),
  keras2Fields: { trainable: ANY, noise_shape: ANY },
});

export const DROPOUTS: readonly LayerFacts[] = [
  dropout('Dropout', ALL, 'rate seed noise_shape', commutes),
  spatialDropout('SpatialDropout1D', ALL, 'rate seed', commutes),
  spatialDropout('SpatialDropout2D', KERAS, 'rate seed data_format', commutes),
  spatialDropout('SpatialDropout3D', KERAS, 'rate seed data_format', commutes),
  dropout('GaussianDropout', ALL, 'rate seed', commutes),
  // Additive noise and alpha dropout shift their input: a factor before them is another model.
  dropout('GaussianNoise', ALL, 'stddev seed'),
  dropout('AlphaDropout', ALL, 'rate seed noise_shape'),
  // keras.applications' ConvNeXt and EfficientNet v2: drops whole branches.
  { ...dropout('StochasticDepth', [], undefined), module: 'keras.src.applications.convnext' },
];
