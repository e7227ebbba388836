import { ALL, KERAS, type Loader } from './layer-facts.js';

// Initializers, regularizers, constraints and dtype policies: small objects inside a layer's config, and who has them.

const INITIALIZERS: ReadonlyMap<string, readonly Loader[]> = new Map([
  ...['Constant', 'GlorotNormal', 'GlorotUniform', 'HeNormal', 'HeUniform', 'Identity', 'Ones', 'Orthogonal'].map(
    (name) => [name, ALL] as const,
  ),
  ...['RandomNormal', 'RandomUniform', 'TruncatedNormal', 'VarianceScaling', 'Zeros'].map(
    (name) => [name, ALL] as const,
  ),
  ...['LecunNormal', 'LecunUniform'].map((name) => [name, KERAS] as const),
  ...['LeCunNormal', 'LeCunUniform'].map((name) => [name, ['tfjs']] as const),
]);

const REGULARIZERS: ReadonlyMap<string, readonly Loader[]> = new Map([
  ['L1L2', ALL],
  ['L1', KERAS],
  ['L2', KERAS],
  ['OrthogonalRegularizer', KERAS],
]);

const CONSTRAINTS: ReadonlyMap<string, readonly Loader[]> = new Map([
  ...['MaxNorm', 'MinMaxNorm', 'NonNeg', 'UnitNorm'].map((name) => [name, ALL] as const),
  ['RadialConstraint', ['keras2']],
]);

// A policy is harmless to TensorFlow.js, which computes in float32 whatever stands there.
const POLICIES: ReadonlyMap<string, readonly Loader[]> = new Map([
  ['DTypePolicy', ['tfjs', 'keras3']],
  ['Policy', ['tfjs', 'keras2']],
]);

/** Who has the class that a field such as `kernel_regularizer` names; undefined for fields that name none. */
export function configObjectLoads(field: string, className: string): readonly Loader[] | undefined {
  const table = field.endsWith('_initializer')
    ? INITIALIZERS
    : field.endsWith('_regularizer')
      ? REGULARIZERS
      : field.endsWith('_constraint')
        ? CONSTRAINTS
        : field === 'dtype'
          ? POLICIES
          : undefined;
  return table && (table.get(className) ?? []);
}
