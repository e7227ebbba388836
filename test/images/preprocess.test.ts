import { expect, test } from 'vitest';
import { PREPROCESS_NAMES, preprocess } from '../../src/images/preprocess.js';
import { describeOracle, numbersOf } from '../oracle/oracle.js';

// Every value of a pixel in every channel.
const PIXELS = Uint8Array.from({ length: 3 * 256 * 3 }, (_, at) => (Math.floor(at / 3) + 85 * (at % 3)) % 256);

function preprocessed(how: (typeof PREPROCESS_NAMES)[number], channels: number): Float32Array {
  const target = new Float32Array(PIXELS.length);
  preprocess(PIXELS, channels, how, target);
  return target;
}

for (const kind of ['keras2', 'keras3'] as const) {
  describeOracle(kind, 'pixels become what keras.applications makes of them', (keras) => {
    test.each(['tf', 'torch', 'caffe'] as const)('%s', async (mode) => {
      const expected = numbersOf(await keras.preprocess([...PIXELS], mode));
      const actual = preprocessed(mode, 3);
      expect(actual.length).toBe(expected.length);
      // Keras computes in float32, step by step: values up to 151, whose neighbours are 1.5e-5 away.
      const worst = Math.max(...expected.map((value, at) => Math.abs(value - actual[at]!)));
      expect(worst).toBeLessThan(mode === 'caffe' ? 2e-5 : 1e-6);
    });
  });
}

test('as they are, and from 0 to 1', () => {
  expect([...preprocessed('none', 3)]).toEqual([...PIXELS]);
  expect([...preprocessed('unit', 3)]).toEqual([...PIXELS].map((value) => Math.fround(value / 255)));
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
