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

/**
 * Multiplies stored float16 values by 2^exponent, in place, rounding those that get too small; false where one would
 * become infinite.
 */
export function scaleFloat16(bytes: Uint8Array, exponent: number): boolean {
  const values = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2);
  const scaled = decodeFloat16(bytes, exponent);
  for (const [index, bits] of values.entries()) {
    if ((bits & 0x7c00) === 0x7c00) continue;
    const after = toFloat16(scaled[index]!);
    if ((after & 0x7c00) === 0x7c00) return false;
    values[index] = after;
  }
  return true;
}

/** The numbers of stored float16 values, times 2^exponent. */
export function decodeFloat16(bytes: Uint8Array, exponent: number): Float32Array {
  const stored = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2);
  return Float32Array.from(stored, (bits) => {
    const sign = bits & 0x8000 ? -1 : 1;
    const power = (bits >> 10) & 31;
    const fraction = bits & 0x3ff;
    if (power === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
    return sign * (power === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (power - 25)) * 2 ** exponent;
  });
}
