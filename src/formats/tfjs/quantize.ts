import type { Quantization } from '../../model/tensor.js';

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

const single = new Float32Array(1);
const singleBits = new Uint32Array(single.buffer);

/** The bits of the nearest float16, ties to even, as NumPy rounds. */
export function toFloat16(value: number): number {
  single[0] = value;
  const bits = singleBits[0]!;
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  // 65520 is halfway between the largest float16 and what would come next.
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude < 0x38800000) return sign | roundToEven(Math.abs(single[0]!) * 2 ** 24);
  const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
  return sign | ((rounded - 0x38000000) >>> 13);
}

function roundToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}
