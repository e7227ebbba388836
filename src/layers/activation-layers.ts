import type { PlainObject } from '../json/json-value.js';
import { activationCommutes, isRectifier } from './activations.js';
import {
  ALL,
  always,
  COMMUTES,
  commutes,
  ignoredByTfjs,
  KERAS,
  type LayerFacts,
  type Loader,
  passesMask,
  type RefusedField,
  type Scaling,
  type Shape,
  sameShape,
} from './layer-facts.js';

const activation = (
  className: string,
  loads: readonly Loader[],
  scaling?: (config: PlainObject) => Scaling | undefined,
): LayerFacts => ({
  className,
  role: 'activation',
  loads,
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

function parametricShape(config: PlainObject, input: Shape | undefined): Shape | undefined {
  const shared = Array.isArray(config.shared_axes) ? config.shared_axes : [];
  return input?.slice(1).map((size, index) => (shared.includes(index + 1) ? 1 : size));
}

const ELU_ALPHA: RefusedField = {
  loaders: ['tfjs'],
  field: 'alpha',
  reason: 'is not 1, the only one it has',
  stops: (value) => value !== undefined && value !== null && value !== 1,
};

export const ACTIVATION_LAYERS: readonly LayerFacts[] = [
  { ...activation('Activation', ALL, (config) => (activationCommutes(config) ? COMMUTES : undefined)), isRectifier },
  {
    ...rectifier('ReLU', ALL, reluScaling),
    // Any ceiling but that of ReLU6 is the range of a result.
    isRectifier: ({ max_value: ceiling }) => ceiling === undefined || ceiling === null || ceiling === 6,
    refusedFields: ['negative_slope', 'threshold'].map((field) => ignoredByTfjs(field, (value) => value === 0)),
  },
  rectifier('LeakyReLU', ALL, commutes),
  {
    ...rectifier('PReLU', ALL, commutes),
    weights: (config, [input]) => [{ name: 'alpha', base: 'alpha', shape: parametricShape(config, input) }],
  },
  { ...rectifier('ELU', ALL), refusedFields: [ELU_ALPHA] },
  { ...activation('Softmax', ALL), makesProbabilities: true, masksDifferIn: ['tfjs'] },
  rectifier('ThresholdedReLU', ['tfjs', 'keras2']),
];

/** Layers that change their input in training only. */
const dropout = (className: string, loads: readonly Loader[], scaling?: () => Scaling): LayerFacts => ({
  ...activation(className, loads, scaling),
  role: 'dropout',
  onlyTrains: always,
});

export const DROPOUTS: readonly LayerFacts[] = [
  dropout('Dropout', ALL, commutes),
  dropout('SpatialDropout1D', ALL, commutes),
  dropout('SpatialDropout2D', KERAS, commutes),
  dropout('SpatialDropout3D', KERAS, commutes),
  dropout('GaussianDropout', ALL, commutes),
  // Additive noise and alpha dropout shift their input: a factor before them is another model.
  dropout('GaussianNoise', ALL),
  dropout('AlphaDropout', ALL),
  // keras.applications' ConvNeXt and EfficientNet v2: drops whole branches.
  dropout('StochasticDepth', []),
];
