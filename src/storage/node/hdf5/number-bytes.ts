export const UNDEFINED_BYTES = Buffer.alloc(8, 0xff);

/** An 8-byte number, to be written. */
export function numberBytes(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}
