import type { Quantization } from '../../model/tensor.js';
import { toFloat16 } from '../values/float16.js';

export type QuantizedDtype = Quantization['dtype'];

export const QUANTIZED_DTYPES: readonly QuantizedDtype[] = ['float16', 'uint8', 'uint16'];

/** The range of a tensor's values. */
export interface ValueRange {
  readonly min: number;
  readonly max: number;
}

/**
 * Returns the parameters by which values of a range are stored as whole numbers, so that zero is one of them.
 * Source: `_get_affine_quantization_range` in tensorflowjs/quantization.py.
 */
export function affineQuantization(dtype: 'uint8' | 'uint16', { min, max }: ValueRange): Quantization {
  if (min === max) return { dtype, scale: 1, min };
  const steps = dtype === 'uint8' ? 255 : 65535;
  const scale = (max - min) / steps;
  if (min > 0 || max < 0) return { dtype, scale, min };
  const zero = Math.min(Math.max(Math.round((0 - min) / scale), 0), steps);
  return { dtype, scale, min: -scale * zero };
}

/** Values as they are stored. */
export function quantizeValues(values: Float32Array, quantization: Quantization): Uint8Array {
  const { dtype, scale = 1, min = 0 } = quantization;
  if (dtype === 'float16') return bytesOf(Uint16Array.from(values, toFloat16));
  const most = dtype === 'uint8' ? 255 : 65535;
  const store = (value: number) => Math.min(Math.max(Math.round((value - min) / scale), 0), most);
  return dtype === 'uint8' ? Uint8Array.from(values, store) : bytesOf(Uint16Array.from(values, store));
}

const bytesOf = (values: Uint16Array): Uint8Array => new Uint8Array(values.buffer);
