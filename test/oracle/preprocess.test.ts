import { expect, test } from 'vitest';
import { preprocess } from '../../src/images/preprocess.js';
import { describeOracle, numbersOf } from './oracle.js';

// Every value of a pixel in every channel.
const PIXELS = Uint8Array.from({ length: 3 * 256 * 3 }, (_, at) => (Math.floor(at / 3) + 85 * (at % 3)) % 256);

for (const kind of ['keras2', 'keras3'] as const) {
  describeOracle(kind, 'pixels become what keras.applications makes of them', (keras) => {
    test.each(['tf', 'torch', 'caffe'] as const)('%s', async (mode) => {
      const expected = numbersOf(await keras.preprocess([...PIXELS], mode));
      const actual = new Float32Array(PIXELS.length);
      preprocess(PIXELS, 3, mode, actual);
      expect(actual.length).toBe(expected.length);
      // Keras computes in float32, step by step: values up to 151, whose neighbours are 1.5e-5 away.
      const worst = Math.max(...expected.map((value, at) => Math.abs(value - actual[at]!)));
      expect(worst).toBeLessThan(mode === 'caffe' ? 2e-5 : 1e-6);
    });
  });
}
