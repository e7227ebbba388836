/** Makes the table of a checksum: its change by each of the 256 bytes, for a polynomial with its bits in reverse. */
export const crcTable = (polynomial: number): Int32Array =>
  Int32Array.from({ length: 256 }, (_, index) => {
    let value = index;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ polynomial : value >>> 1;
    return value;
  });

const TABLE = crcTable(0xedb88320);

/** The checksum of zip archives, in plain arithmetic; `before` is that of the bytes that went before. */
export function crc32ByTable(bytes: Uint8Array, before = 0): number {
  let crc = ~before;
  for (let index = 0; index < bytes.length; index++) crc = TABLE[(crc ^ bytes[index]!) & 0xff]! ^ (crc >>> 8);
  return ~crc >>> 0;
}
