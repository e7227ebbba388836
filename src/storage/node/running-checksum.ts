import { crc32 } from './crc32.js';

/** The checksum of the beginning of a file, which stays right while bytes of it are replaced. */
export interface RunningChecksum {
  /** How many bytes it is of. */
  readonly byteLength: number;
  readonly crc32: number;
  begin(crc32: number, byteLength: number): void;
  /** Notes that bytes within the beginning became others. */
  replace(byteOffset: number, before: Uint8Array, after: Uint8Array): void;
}

export function makeRunningChecksum(): RunningChecksum {
  let crc = 0;
  let length = 0;
  return {
    get byteLength() {
      return length;
    },
    get crc32() {
      return crc;
    },
    begin: (crc32, byteLength) => {
      crc = crc32;
      length = byteLength;
    },
    // The checksum is linear: what a difference does to it is shifted by the bytes that follow.
    replace: (byteOffset, before, after) => {
      const difference = crc32(before) ^ crc32(after);
      crc = (crc ^ multiply(difference, shiftOf(length - byteOffset - after.byteLength))) >>> 0;
    },
  };
}

/** The polynomial of zip archives, and the one that is x itself; the highest bit is the lowest power. */
const POLYNOMIAL = 0xedb88320;
const X = 0x40000000;
const ONE = 0x80000000;

/** x to the power of 2^k, modulo the polynomial. */
const SQUARES: readonly number[] = listSquares(64);

function listSquares(count: number): number[] {
  const squares = [X];
  while (squares.length < count) squares.push(multiply(squares.at(-1)!, squares.at(-1)!));
  return squares;
}

/** x to the power of the bits that so many bytes have. */
function shiftOf(byteLength: number): number {
  let shift = ONE;
  for (let left = byteLength, square = 3; left > 0; left = Math.floor(left / 2), square += 1) {
    if (left % 2 === 1) shift = multiply(shift, SQUARES[square]!);
  }
  return shift;
}

/** The product of two polynomials over the field of two elements, modulo the polynomial. */
function multiply(first: number, second: number): number {
  let product = 0;
  let shifted = second;
  for (let bit = 31; bit >= 0; bit--) {
    if ((first >>> bit) & 1) product ^= shifted;
    shifted = shifted & 1 ? (shifted >>> 1) ^ POLYNOMIAL : shifted >>> 1;
  }
  return product >>> 0;
}
