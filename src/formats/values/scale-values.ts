import { inputError } from '../../errors.js';

/**
 * Multiplies values by 2^exponent, exactly. Returns a copy, unless nothing changes.
 * @throws RetrofitError `overflow` if a number becomes infinite: then nothing can be exact
 */
export function scaleValues(bytes: Uint8Array, dtype: string, exponent: number, name: string): Uint8Array {
  if (exponent === 0) return bytes;
  // Not with slice(), which for a Buffer is no copy.
  const copy = new Uint8Array(bytes);
  if (dtype === 'bfloat16') scaleBfloat16(new Uint16Array(copy.buffer), exponent, name);
  else scaleFloats(dtype === 'float64' ? new Float64Array(copy.buffer) : new Float32Array(copy.buffer), exponent, name);
  return copy;
}

/**
 * Multiplies floats by 2^exponent, in place.
 * @throws RetrofitError `overflow`
 */
export function scaleFloats(values: Float32Array | Float64Array, exponent: number, name: string): void {
  const factor = 2 ** exponent;
  for (let index = 0; index < values.length; index++) {
    const before = values[index]!;
    values[index] = before * factor;
    if (!Number.isFinite(values[index]!) && Number.isFinite(before)) throw overflow(name, String(before));
  }
}

/** A bfloat16 is the upper half of a float32. */
function scaleBfloat16(values: Uint16Array, exponent: number, name: string): void {
  const single = new Float32Array(1);
  const bits = new Uint32Array(single.buffer);
  for (let index = 0; index < values.length; index++) {
    bits[0] = values[index]! << 16;
    const before = single[0]!;
    single[0] = before * 2 ** exponent;
    if (!Number.isFinite(single[0]!) && Number.isFinite(before)) throw overflow(name, String(before));
    values[index] = bits[0]! >>> 16;
  }
}

const overflow = (name: string, value: string) =>
  inputError('overflow', `the weight "${name}" holds ${value}, which cannot be doubled in its precision`, {
    where: { field: name },
    hint: 'name it to planRetrofit as a weight that is not doubled, or leave that place out with --exclude',
  });
