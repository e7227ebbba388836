import { expect, test } from 'vitest';
import { PREPROCESS_NAMES, preprocess } from '../../src/images/preprocess.js';

// Every value of a pixel in every channel.
const PIXELS = Uint8Array.from({ length: 3 * 256 * 3 }, (_, at) => (Math.floor(at / 3) + 85 * (at % 3)) % 256);

function preprocessed(how: (typeof PREPROCESS_NAMES)[number]): Float32Array {
  const target = new Float32Array(PIXELS.length);
  preprocess(PIXELS, 3, how, target);
  return target;
}

test('as they are, and from 0 to 1', () => {
  expect([...preprocessed('none')]).toEqual([...PIXELS]);
  expect([...preprocessed('unit')]).toEqual([...PIXELS].map((value) => Math.fround(value / 255)));
});

test('a grey picture is preprocessed as the green channel of a colour picture would be', () => {
  for (const how of PREPROCESS_NAMES) {
    const colours = new Float32Array(3);
    preprocess(Uint8Array.from([99, 99, 99]), 3, how, colours);
    const grey = new Float32Array(1);
    preprocess(Uint8Array.from([99]), 1, how, grey);
    expect(grey[0]).toBe(colours[1]);
  }
});
