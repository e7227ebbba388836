import { isArray, type PlainObject } from '../json/json-value.js';
import { axisOf } from './config.js';
import {
  ALL,
  AXES_WITHOUT_MODULE,
  type FieldProblem,
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
  shapeText,
  type WeightFact,
} from './layer-facts.js';
import { AXES, GROUPS_OF_NORM, orNull } from './size-rules.js';

const hasGamma = (config: PlainObject) => config.scale !== false;
const hasBeta = (config: PlainObject) => config.center !== false;

/** gamma * normalized + beta: doubling both doubles the output; the input's factor is normalized away. */
const affine = (config: PlainObject): Scaling => ({
  kind: 'linear',
  by: 'norm',
  doublesOutput: hasGamma(config) && hasBeta(config) ? ['gamma', 'beta'] : undefined,
  doublesInput: undefined,
});

function normalizedShape(config: PlainObject, input: Shape | undefined): Shape | undefined {
  if (input === undefined) return undefined;
  const axes = Array.isArray(config.axis) ? config.axis : [config.axis ?? -1];
  return axes.map((axis) => input[axisOf(axis, input.length) ?? -1] ?? null);
}

/** Keras 2's batch norm over several axes keeps all of its input's in its variables, the others with a size of 1. */
function batchNormShape(config: PlainObject, input: Shape | undefined): Shape | undefined {
  const axes = [config.axis ?? -1].flat();
  if (axes.length < 2 || input === undefined) return normalizedShape(config, input);
  const own = axes.map((axis) => axisOf(axis, input.length));
  return input.map((size, axis) => (own.includes(axis) ? size : 1));
}

const AFFINE = `axis epsilon center scale ${initialized('beta', 'gamma')}`;
const AXIS = { axis: orNull(AXES) };

function norm(
  className: string,
  loads: readonly Loader[],
  statisticsOf: (config: PlainObject) => readonly string[] = () => [],
  shapeOfVariables = normalizedShape,
): LayerFacts {
  return {
    className,
    role: 'norm',
    loads,
    fields: AFFINE,
    sizes: AXIS,
    outputShape: sameShape,
    weights: (config, [input]) => {
      const shape = shapeOfVariables(config, input);
      const variable = (name: string): WeightFact => ({ name, base: name, shape });
      return [
        ...(hasGamma(config) ? [variable('gamma')] : []),
        ...(hasBeta(config) ? [variable('beta')] : []),
        ...statisticsOf(config).map((name): WeightFact => ({ ...variable(name), isStatistic: true })),
      ];
    },
    inputClue: (config, shapeOf) => {
      const shape = ['gamma', 'beta', ...statisticsOf(config)].map(shapeOf).find((found) => found !== undefined);
      const axis = [config.axis ?? -1].flat();
      if (shape?.length !== 1 || axis.length !== 1 || typeof axis[0] !== 'number') return undefined;
      return { size: { axis: axis[0], size: shape[0]! } };
    },
    scaling: affine,
    masking: passesMask,
  };
}

/** Keras 2 replaces null by a default of its own, Keras 3 does not, and TensorFlow.js takes it for 0.001. */
const NO_EPSILON: RefusedField = {
  loaders: ['tfjs', 'keras3'],
  field: 'epsilon',
  reason: 'is null, which means another number in each',
  stops: (value) => value === null,
  isSilent: true,
};

const AXIS_LIST: RefusedField = {
  loaders: ['keras3'],
  field: 'axis',
  reason: 'is a list, and it wants one number',
  // Older entries go through a loader of their own, which takes the number out of the list.
  stops: (value, hasModule) => hasModule && Array.isArray(value),
  instead: (value) => (isArray(value) && value.items.length === 1 ? value.items[0]!.value : undefined),
};

/** TensorFlow.js takes an axis out of a list only where it counts from the front. */
const LIST_FROM_END: RefusedField = {
  ...AXIS_LIST,
  loaders: ['tfjs'],
  reason: 'is a list, and it wants one number',
  stops: (value) => Array.isArray(value) && !(value.length === 1 && Number(value[0]) >= 0),
};

/** Where all numbers have one mean, it is the same for any axis. */
const DATA_AXES: RefusedField = {
  ...AXES_WITHOUT_MODULE,
  reason: 'is no single number, and Keras 3 drops such from an entry without its module, as all are in .h5 files',
  stops: (value, hasModule, { mean }) =>
    !hasModule && (value === null || (Array.isArray(value) && value.length !== 1)) && typeof mean !== 'number',
};

const hasStatistics = ({ mean }: PlainObject): boolean => mean === undefined || mean === null;

const COPIED_MEAN: FieldProblem = {
  field: 'mean',
  reason: 'is read from an .h5 and not used by Keras 3, which computes with the mean and variance of a new layer',
};

/** Keras builds it for sizes that it knows. */
function unknownSizes(config: PlainObject, [input]: readonly (Shape | undefined)[]): string | undefined {
  if (input === undefined || config.axis === null || !normalizedShape(config, input)!.includes(null)) return undefined;
  return `gives it ${shapeText(input)}, and it wants to know the sizes of its axes`;
}

/** Of data, not of a batch: it has variables where the statistics do not stand in its config. */
const normalization: LayerFacts = {
  className: 'Normalization',
  rescales: true,
  copiesWeights: (config) => (hasStatistics(config) ? COPIED_MEAN : undefined),
  masking: passesMask,
  role: 'other',
  loads: KERAS,
  fields: 'axis mean variance invert',
  refusedFields: [DATA_AXES],
  outputShape: sameShape,
  misfit: unknownSizes,
  weights: (config, [input]) => {
    if (!hasStatistics(config)) return [];
    const shape = config.axis === null ? [] : normalizedShape(config, input);
    return [
      { name: 'mean', base: 'mean', shape, isStatistic: true },
      { name: 'variance', base: 'variance', shape, isStatistic: true },
      { name: 'count', base: 'count', shape: [], isWhole: true, isStatistic: true },
    ];
  },
};

/** Batch renormalization keeps more statistics, which training alone reads: both Kerases, in this order. */
const RENORM: readonly string[] = ['moving_stddev', 'renorm_mean', 'renorm_stddev'];
const STATISTICS: readonly string[] = ['moving_mean', 'moving_variance'];

const batchNorm = (className: string, loads: readonly Loader[]): LayerFacts => ({
  ...norm(
    className,
    loads,
    ({ renorm }) => (renorm === true ? [...STATISTICS, ...RENORM] : STATISTICS),
    batchNormShape,
  ),
  usesBatchStatistics: true,
  keepsOnlyOutput: true,
  fields: `${AFFINE} momentum moving_mean_initializer moving_variance_initializer synchronized renorm renorm_clipping renorm_momentum`,
});

const withoutWeights = (className: string, loads: readonly Loader[], fields: string): LayerFacts => ({
  className,
  role: 'norm',
  loads,
  fields,
  sizes: AXIS,
  refusedFields: [AXES_WITHOUT_MODULE],
  outputShape: sameShape,
  masking: passesMask,
});

/** Beyond, batchNormalization in tfjs-layers throws that it is not implemented. */
const MOST_AXES: LayerFacts['mostAxes'] = { loader: 'tfjs', count: 4, isBuilt: true };

export const NORMALIZATIONS: readonly LayerFacts[] = [
  {
    ...batchNorm('BatchNormalization', ALL),
    mostAxes: MOST_AXES,
    takesMask: 'otherwise',
    refusedFields: [
      AXIS_LIST,
      LIST_FROM_END,
      AXES_WITHOUT_MODULE,
      NO_EPSILON,
      ignoredByTfjs('renorm', (value) => value === false),
    ],
  },
  batchNorm('SyncBatchNormalization', ['keras2']),
  {
    ...norm('LayerNormalization', ALL),
    mostAxes: MOST_AXES,
    keras3Fields: { rms_scaling: false },
    refusedFields: [AXES_WITHOUT_MODULE],
  },
  {
    ...norm('GroupNormalization', KERAS),
    fields: `groups ${AFFINE}`,
    sizes: { groups: GROUPS_OF_NORM, ...AXIS },
  },
  withoutWeights('UnitNormalization', KERAS, 'axis'),
  {
    ...withoutWeights('RMSNormalization', ['keras3'], 'axis epsilon'),
    weights: (config, [input]) => [{ name: 'scale', base: 'scale', shape: normalizedShape(config, input) }],
  },
  normalization,
];
