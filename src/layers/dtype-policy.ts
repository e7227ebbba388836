import { isPlainObject, type PlainObject } from '../json/json-value.js';

/**
 * The name of a layer's dtype policy: `float32`, `mixed_float16`, ... Keras writes a string or an object.
 * Of a quantised layer it is the policy it had before, in which it still computes.
 */
export const dtypePolicy = (config: PlainObject): string => fullPolicy(config).replace(QUANTIZED, '');

/** Tells whether Keras 3 has quantised the layer: its numbers are packed, in variables of other shapes and names. */
export const isQuantized = (config: PlainObject): boolean => QUANTIZED.test(fullPolicy(config));

// Source: QuantizedDTypePolicy in keras 3.15, `int8_from_float32`, `gptq/4/128_from_mixed_bfloat16`, ...
const QUANTIZED = /^.*_from_/;

function fullPolicy({ dtype }: PlainObject): string {
  if (typeof dtype === 'string') return dtype;
  if (!isPlainObject(dtype) || !isPlainObject(dtype.config)) return 'float32';
  const { name, mode, source_name } = dtype.config;
  if (typeof name === 'string') return name;
  return typeof mode === 'string' && typeof source_name === 'string' ? `${mode}_from_${source_name}` : 'float32';
}

/** Tells whether sums are in half precision, where doubling may overflow or lose the last bits of small numbers. */
export const computesInFloat16 = (config: PlainObject): boolean =>
  ['float16', 'mixed_float16'].includes(dtypePolicy(config));

/** Tells whether a layer computes in whole numbers, truths, ... An unknown name is a policy of the user's own. */
export const computesNoFloats = (config: PlainObject): boolean =>
  /^(u?int\d+|bool|complex\d+|string)$/.test(dtypePolicy(config));

/** The dtype of a layer's numbers under its policy: `mixed_float16` computes in float16. */
export const computeDtype = (config: PlainObject): string => dtypePolicy(config).replace(/^mixed_/, '');
