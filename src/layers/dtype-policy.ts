import { isPlainObject, type PlainObject } from '../json/json-value.js';

/** The name of a layer's dtype policy: `float32`, `mixed_float16`, ... Keras writes a string or an object. */
export function dtypePolicy(config: PlainObject): string {
  const { dtype } = config;
  if (typeof dtype === 'string') return dtype;
  if (!isPlainObject(dtype) || !isPlainObject(dtype.config)) return 'float32';
  return typeof dtype.config.name === 'string' ? dtype.config.name : 'float32';
}

/** Whether sums are made in half precision, where doubling may overflow or lose the last bits of small numbers. */
export const computesInFloat16 = (config: PlainObject): boolean =>
  ['float16', 'mixed_float16'].includes(dtypePolicy(config));

/** The dtype of a layer's numbers under its policy: `mixed_float16` computes in float16. */
export const computeDtype = (config: PlainObject): string => dtypePolicy(config).replace(/^mixed_/, '');
