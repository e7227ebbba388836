import { LOADER_NAMES } from '../../../format-names.js';
import { fromPlain, getMember, type JsonValue, stringOf } from '../../../json/json-value.js';
import type { Loader } from '../../../layers/layer-facts.js';
import { FLOATS } from '../../../model/tensor.js';
import { cannotConvert } from './cannot-convert.js';

const POLICIES: readonly string[] = ['Policy', 'PolicyV1', 'DTypePolicy', 'FloatDTypePolicy'];

const WHOLE = ['int8', 'int16', 'int32', 'int64', 'uint8', 'uint16', 'uint32', 'uint64'];
const KERAS_DTYPES: readonly string[] = [
  ...FLOATS,
  'mixed_float16',
  'mixed_bfloat16',
  ...WHOLE,
  'bool',
  'string',
  'complex64',
];
const TFJS_DTYPES: readonly string[] = ['float32', 'int32', 'bool', 'string', 'complex64'];
/** Dtypes all of whose values are values of int32. */
export const SMALL_WHOLE: readonly string[] = ['int8', 'int16', 'uint8', 'uint16'];

/**
 * A layer's dtype policy in a loader's words: a plain name, which all of them take, for Keras 3 without the id under
 * which the file shares the object.
 * @throws RetrofitError `cannot-convert` for quantised policies, and for TensorFlow.js half precision
 */
export function translateDtype(value: JsonValue, target: Loader, layer: string, isInput: boolean): JsonValue {
  if (value.kind === 'literal') return value;
  const className = stringOf(getMember(value, 'class_name'));
  const isPolicy = className !== undefined && POLICIES.includes(className);
  const name = stringOf(value) ?? (isPolicy ? stringOf(getMember(getMember(value, 'config'), 'name')) : undefined);
  const known = target === 'tfjs' ? TFJS_DTYPES : KERAS_DTYPES;
  if (name !== undefined && known.includes(name)) return fromPlain(name);
  if (target === 'tfjs' && isInput && name !== undefined && SMALL_WHOLE.includes(name)) return fromPlain('int32');
  throw cannotConvert(
    layer,
    'dtype',
    `it computes in ${name ?? className ?? 'an unknown way'}, which ${LOADER_NAMES[target]} does not have`,
    'build the model again with the dtype policy "float32", load its weights into it and save it',
  );
}
