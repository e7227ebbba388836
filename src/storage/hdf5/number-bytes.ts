export const UNDEFINED_BYTES: Uint8Array = new Uint8Array(8).fill(0xff);

/** An 8-byte number, to be written. Thousands of them are made before the engine has compiled anything: no BigInt. */
export function numberBytes(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  let rest = value;
  for (let index = 0; rest > 0; index++) {
    bytes[index] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  return bytes;
}
