import { newBytes } from '../new-bytes.js';

export const UNDEFINED_BYTES: Uint8Array = new Uint8Array(8).fill(0xff);

/** An 8-byte number, to be written. */
export function numberBytes(value: number): Uint8Array {
  const { bytes, view } = newBytes(8);
  view.setBigUint64(0, BigInt(value), true);
  return bytes;
}
