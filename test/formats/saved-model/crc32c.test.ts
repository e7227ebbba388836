import { expect, test } from 'vitest';
import { crc32c, masked } from '../../../src/formats/saved-model/crc32c.js';

const NUMBERS = Uint8Array.from({ length: 1000 }, (_, index) => (index * 31 + 7) & 0xff);

test('is that of RFC 3720, appendix B.4', () => {
  expect(crc32c(new TextEncoder().encode('123456789'))).toBe(0xe3069283);
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
  expect(crc32c(Uint8Array.from({ length: 32 }, (_, index) => index))).toBe(0x46dd794e);
});

test('is masked as LevelDB does', () => {
  expect(masked(0xe3069283)).toBe(((((0xe3069283 >>> 15) | (0xe3069283 << 17)) >>> 0) + 0xa282ead8) % 2 ** 32);
});

test('of a few bytes wherever they lie', () => {
  for (let start = 0; start < 4; start++) {
    for (let length = 0; length < 4; length++)
      expect(crc32c(NUMBERS.subarray(start, start + length))).toBe(crc32c(NUMBERS.slice(start, start + length)));
  }
});

test.each([0, 1, 2, 3, 5, 15, 16, 17, 40, 999])('goes on after %i bytes, wherever they lie in memory', (length) => {
  const whole = crc32c(NUMBERS);
  expect(crc32c(NUMBERS.subarray(length), crc32c(NUMBERS.subarray(0, length)))).toBe(whole);
});

const MANY = Uint8Array.from({ length: 300_000 }, (_, index) => (index * index * 31 + (index >>> 7)) & 0xff);

test.each([0, 1, 7, 86_635, 86_636, 86_637, 86_653, 152_171, 200_000])(
  'of many bytes is that of a few at a time, from %i on',
  (start) => {
    const bytes = MANY.subarray(start);
    let crc = 5;
    for (let at = 0; at < bytes.length; at += 10_000) crc = crc32c(bytes.subarray(at, at + 10_000), crc);
    expect(crc32c(bytes, 5)).toBe(crc);
  },
);

test('of many bytes is that of TensorFlow', () => {
  expect(crc32c(new Uint8Array(200_000).fill(7))).toBe(0xbcc6dcf0);
});
