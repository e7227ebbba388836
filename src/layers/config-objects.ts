import type { PlainObject } from '../json/json-value.js';
import { ALL, KERAS, type Loader } from './layer-facts.js';
import { snakeCase } from './layer-names.js';

// Initializers, regularizers, constraints and dtype policies: small objects inside a layer's config, and who has them.

interface ObjectFacts {
  readonly loads: readonly Loader[];
  /** Fields that its config may have; Keras 3 adds fields that Keras 2 does not know. */
  readonly fields: readonly string[];
  /** The same object under the name that the other loaders have. */
  readonly alias?: string;
}

const facts = (loads: readonly Loader[], names: string, fields: string): readonly (readonly [string, ObjectFacts])[] =>
  names.split(' ').map((name) => [name, { loads, fields: fields === '' ? [] : fields.split(' ') }]);

const named = (name: string, alias: string, loads: readonly Loader[], ...fields: readonly string[]) =>
  [name, { loads, fields, alias }] as const;

const INITIALIZERS: ReadonlyMap<string, ObjectFacts> = new Map([
  ...facts(ALL, 'Zeros Ones', ''),
  ...facts(ALL, 'Constant', 'value'),
  ...facts(ALL, 'Identity', 'gain'),
  ...facts(ALL, 'GlorotNormal GlorotUniform HeNormal HeUniform', 'seed'),
  ...facts(ALL, 'Orthogonal', 'gain seed'),
  ...facts(ALL, 'RandomNormal TruncatedNormal', 'mean stddev seed'),
  ...facts(ALL, 'RandomUniform', 'minval maxval seed'),
  ...facts(ALL, 'VarianceScaling', 'scale mode distribution seed'),
  named('LecunNormal', 'LeCunNormal', KERAS, 'seed'),
  named('LecunUniform', 'LeCunUniform', KERAS, 'seed'),
  named('LeCunNormal', 'LecunNormal', ['tfjs'], 'seed'),
  named('LeCunUniform', 'LecunUniform', ['tfjs'], 'seed'),
  // Keras 3.0 to 3.3 wrote these names, which later ones read.
  named('OrthogonalInitializer', 'Orthogonal', ['keras3'], 'gain', 'seed'),
  named('IdentityInitializer', 'Identity', ['keras3'], 'gain'),
]);

const REGULARIZERS: ReadonlyMap<string, ObjectFacts> = new Map([
  ...facts(ALL, 'L1L2', 'l1 l2'),
  ...facts(KERAS, 'L1', 'l1'),
  ...facts(KERAS, 'L2', 'l2'),
  ...facts(KERAS, 'OrthogonalRegularizer', 'factor mode'),
]);

const CONSTRAINTS: ReadonlyMap<string, ObjectFacts> = new Map([
  ...facts(ALL, 'MaxNorm', 'max_value axis'),
  ...facts(ALL, 'MinMaxNorm', 'min_value max_value rate axis'),
  ...facts(ALL, 'NonNeg', ''),
  ...facts(ALL, 'UnitNorm', 'axis'),
  ...facts(['keras2'], 'RadialConstraint', ''),
]);

export type ObjectKind = 'initializer' | 'regularizer' | 'constraint';

const TABLES: Readonly<Record<ObjectKind, ReadonlyMap<string, ObjectFacts>>> = {
  initializer: INITIALIZERS,
  regularizer: REGULARIZERS,
  constraint: CONSTRAINTS,
};

/** Returns the kind of object that a field such as `kernel_regularizer` holds; undefined for other fields. */
export function objectKind(field: string): ObjectKind | undefined {
  const kind = field.slice(field.lastIndexOf('_') + 1);
  return kind in TABLES ? (kind as ObjectKind) : undefined;
}

// A policy is harmless to TensorFlow.js, which computes in float32 whatever stands there.
const POLICIES: ReadonlyMap<string, readonly Loader[]> = new Map([
  ['DTypePolicy', ['tfjs', 'keras3']],
  ['FloatDTypePolicy', ['tfjs', 'keras3']],
  ['Policy', ['tfjs', 'keras2']],
  ['PolicyV1', ['tfjs', 'keras2']],
  ['DTypePolicyMap', ['keras3']],
  ['QuantizedDTypePolicy', ['keras3']],
  ['QuantizedFloat8DTypePolicy', ['keras3']],
  ['Int4DTypePolicy', ['keras3']],
  ['GPTQDTypePolicy', ['keras3']],
  ['AWQDTypePolicy', ['keras3']],
]);

/** Tells whether Keras has a dtype policy of this class. */
export const isKnownPolicy = (className: string): boolean => POLICIES.has(className);

/** Lists the loaders that have the class named by a field such as `kernel_regularizer`; undefined for other fields. */
export function configObjectLoads(field: string, className: string): readonly Loader[] | undefined {
  if (field === 'dtype') return POLICIES.get(className) ?? [];
  const kind = objectKind(field);
  return kind && (TABLES[kind].get(className)?.loads ?? []);
}

// Keras and TensorFlow.js also know most of these by names in small letters: `he_normal`, `l2`.
const SHORT_NAMES: ReadonlyMap<string, string> = new Map([
  ...Object.values(TABLES).flatMap((table) => [...table.keys()].map((name) => [snakeCase(name), name] as const)),
  ['lecun_normal', 'LecunNormal'],
  ['lecun_uniform', 'LecunUniform'],
  ['l1_l2', 'L1L2'],
  ['l1l2', 'L1L2'],
  ['one', 'Ones'],
  ['zero', 'Zeros'],
  ['normal', 'RandomNormal'],
  ['uniform', 'RandomUniform'],
]);

/** An object as a loader names it, with the fields it may have there and those it must have. */
export interface ObjectWords {
  readonly className: string;
  readonly fields: readonly string[];
  /** Fields to add with these values where they are not set. */
  readonly defaults: PlainObject;
}

/**
 * Translates an object's class for a loader; undefined where the loader has none that does the same. TensorFlow.js has
 * L1 and L2 as one class, whose two factors default to 0.01.
 */
export function translateObject(kind: ObjectKind, name: string, target: Loader): ObjectWords | undefined {
  const table = TABLES[kind];
  const className = table.has(name) ? name : (SHORT_NAMES.get(name) ?? name);
  const found = table.get(className);
  if (found === undefined) return undefined;
  if (found.loads.includes(target)) return { className, fields: found.fields, defaults: {} };
  if (found.alias !== undefined) return { className: found.alias, fields: found.fields, defaults: {} };
  if (kind === 'regularizer' && (className === 'L1' || className === 'L2'))
    return { className: 'L1L2', fields: ['l1', 'l2'], defaults: className === 'L1' ? { l2: 0 } : { l1: 0 } };
  return undefined;
}
