import type { Tensor } from '../model/tensor.js';
import { scaleValues } from './scale-values.js';
import { toFloat16 } from './tfjs/quantize.js';

/**
 * Values that are made when they are written, times 2^exponent, rounded to the tensor's dtype, little-endian.
 * @param name for messages
 * @throws RetrofitError `overflow`
 */
export function generatedBytes({ dtype, exponent }: Tensor, values: () => Float32Array, name: string): Uint8Array {
  const stored = rounded(values(), dtype);
  return scaleValues(new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength), dtype, exponent, name);
}

function rounded(values: Float32Array, dtype: string): Float32Array | Float64Array | Uint16Array {
  switch (dtype) {
    case 'float32':
      return values;
    case 'float64':
      return Float64Array.from(values);
    case 'float16':
      return Uint16Array.from(values, toFloat16);
    case 'bfloat16':
      return toBfloat16(values);
    default:
      throw new Error(`values were made for a tensor of the dtype ${dtype}`);
  }
}

/** The upper halves of the values, to nearest, ties to even. */
function toBfloat16(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.slice().buffer);
  return Uint16Array.from(bits, (each, index) =>
    Number.isNaN(values[index]!) ? 0x7fc0 : (each + 0x7fff + ((each >>> 16) & 1)) >>> 16,
  );
}
