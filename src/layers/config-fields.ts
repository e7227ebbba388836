import type { Plain, PlainObject } from '../json/json-value.js';
import { objectKind } from './config-objects.js';
import { factsOf } from './known-layers.js';
import { ANY, type LayerFacts, type Loader } from './layer-facts.js';

// The records of the classes list the fields that each loader knows. Derived from `get_config` of tf-keras 2.21 and
// Keras 3.15 and from the fields that `from_config` of the other one accepts: fixtures/make_config_fields.py.
// TensorFlow.js reads the fields it knows and ignores the rest; fields whose loss changes the result stand in
// `refusedFields`.

type Fields = Pick<LayerFacts, 'fields' | 'keras2Fields' | 'keras3Fields'>;

const NO_CONFIG: PlainObject = {};

/** Keras 2's ways to make an input by saying its size on the first layer. */
export const INPUT_FIELDS: readonly string[] = ['batch_input_shape', 'input_shape', 'input_dim', 'batch_size'];

/** Fields that every layer but an input may have. */
const BASE: Fields = {
  fields: 'name trainable dtype activity_regularizer autocast input_shape input_dim',
  keras2Fields: { batch_input_shape: ANY, batch_size: ANY, weights: null },
};

/**
 * How a loader treats a field in a class's config.
 * - `known`: it reads the field
 * - `ignorable`: it does not know the field, and computes the same without it
 * - `unsupported`: it does not know the field, and the value matters
 * - `unknown`: no known version writes such a field, newer versions perhaps
 */
export type FieldStanding = 'known' | 'ignorable' | 'unsupported' | 'unknown';

/** Returns how a loader treats a field; undefined for a class whose fields are not known. */
export function fieldStanding(
  className: string,
  field: string,
  value: Plain,
  loader: Loader,
): FieldStanding | undefined {
  const own = factsOf(className, NO_CONFIG);
  if (own.fields === undefined) return undefined;
  // A class's own entry for a field goes before the one for every layer.
  for (const { fields = '', keras2Fields = {}, keras3Fields = {} } of own.role === 'input' ? [own] : [own, BASE]) {
    const both = { keras2: keras2Fields, keras3: keras3Fields };
    // TensorFlow.js has what both Kerases have: the rest came later, or went before its time.
    const known = loader === 'tfjs' ? {} : both[loader];
    if (field in known || fields.split(' ').includes(field)) return 'known';
    for (const others of Object.values(both)) {
      if (field in others) return isIgnorable(others[field]!, value) ? 'ignorable' : 'unsupported';
    }
  }
  return 'unknown';
}

/** Fields besides objects for which Keras takes null, with the same meaning as in TensorFlow.js. */
const NULLABLE: readonly string[] = [
  'activation',
  'recurrent_activation',
  'merge_mode',
  'max_value',
  'noise_shape',
  'shared_axes',
  'output_padding',
  'input_length',
  'seed',
  'dtype',
];

/** Tells whether null in a TensorFlow.js model means the same to Keras; true for a class whose fields are not known. */
export function takesNull(className: string, field: string): boolean {
  const standing = fieldStanding(className, field, null, 'keras2');
  if (standing === undefined) return true;
  const isAbsent = factsOf(className, NO_CONFIG).nullIsAbsentInTfjs?.includes(field) === true;
  return standing === 'known' && !isAbsent && (objectKind(field) !== undefined || NULLABLE.includes(field));
}

const isIgnorable = (rest: Plain | typeof ANY, value: Plain): boolean =>
  rest === ANY || value === null || JSON.stringify(rest) === JSON.stringify(value);
