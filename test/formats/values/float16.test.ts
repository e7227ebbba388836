import { describe, expect, test } from 'vitest';
import { decodeFloat16, toFloat16 } from '../../../src/formats/values/float16.js';

// Held against the definition of IEEE 754's half, and against its neighbours on the line of numbers: no other code of ours.

const INFINITE = 0x7c00;
const HALVES = Array.from({ length: 0x10000 }, (_, bits) => bits);
const isNaNHalf = (bits: number): boolean => (bits & 0x7fff) > INFINITE;

/** A half by its definition. */
function numberOf(bits: number): number {
  const sign = bits >= 0x8000 ? -1 : 1;
  const exponent = Math.floor(bits / 1024) % 32;
  const fraction = (bits % 1024) / 1024;
  if (exponent === 31) return fraction === 0 ? sign / 0 : Number.NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -14 : (1 + fraction) * 2 ** (exponent - 15));
}

/** The next float32 in the direction of infinity, or of zero, of a positive number. */
function besideFloat32(value: number, step: 1 | -1): number {
  const single = new Float32Array([value]);
  new Uint32Array(single.buffer)[0]! += step;
  return single[0]!;
}

test('each of the 65,536 halves is read as its number, and its number is stored as it', () => {
  const read = decodeFloat16(new Uint8Array(Uint16Array.from(HALVES).buffer), 0);
  const wrong = HALVES.filter((bits) => {
    if (isNaNHalf(bits)) return !Number.isNaN(read[bits]) || (toFloat16(read[bits]!) & 0x7fff) !== 0x7e00;
    return !Object.is(read[bits], numberOf(bits)) || toFloat16(numberOf(bits)) !== bits;
  });
  expect(wrong).toEqual([]);
});

describe('between two halves a number goes to the nearer one, and to the even one from halfway', () => {
  /** Pairs of neighbours that are numbers, by the lower one; behind the largest comes 2 ** 16, which is infinity. */
  const lower = HALVES.filter((bits) => bits < INFINITE);
  const halfway = (bits: number) => (numberOf(bits) + (bits + 1 === INFINITE ? 2 ** 16 : numberOf(bits + 1))) / 2;

  test.each([
    ['positive', 1, 0],
    ['negative', -1, 0x8000],
  ])('%s ones', (_, sign, signBit) => {
    const stored = (value: number) => toFloat16(sign * value) - signBit;
    const wrong = lower.filter((bits) => {
      const tie = halfway(bits);
      const even = bits % 2 === 0 ? bits : bits + 1;
      return (
        stored(tie) !== even ||
        stored(besideFloat32(tie, -1)) !== bits ||
        stored(besideFloat32(tie, 1)) !== bits + 1 ||
        stored(besideFloat32(numberOf(bits + 1), -1)) !== (bits + 1 === INFINITE ? INFINITE : bits + 1)
      );
    });
    expect(wrong).toEqual([]);
  });
});

test.each([
  ['the largest half', 65504, 0x7bff],
  ['the last number below halfway to 2 ** 16', 65519.99609375, 0x7bff],
  ['halfway to 2 ** 16', 65520, 0x7c00],
  ['the largest float32', 3.4028234663852886e38, 0x7c00],
  ['the smallest normal half', 2 ** -14, 0x0400],
  ['halfway between the largest subnormal and the smallest normal half', 2 ** -14 - 2 ** -25, 0x0400],
  ['the smallest half', 2 ** -24, 0x0001],
  ['half of it', 2 ** -25, 0x0000],
  ['three halves of it', 3 * 2 ** -25, 0x0002],
  ['the smallest float32', 2 ** -149, 0x0000],
  ['zero from below', -0, 0x8000],
])('%s', (_, value, bits) => {
  expect(toFloat16(value)).toBe(bits);
});
