import { randomNumbers } from '../random.js';

/**
 * Initial kernels, the same to the last bit on every engine: whole-number arithmetic for the random numbers, and only
 * `+ - * /` and the square root, which IEEE 754 rounds correctly everywhere.
 */

/** Uniform values in [-limit, limit], as many as asked for. */
function uniformValues(count: number, limit: number, random: () => number): Float32Array {
  const values = new Float32Array(count);
  for (let index = 0; index < count; index++) values[index] = (2 * random() - 1) * limit;
  return values;
}

/**
 * He-uniform values of a [inputs, units] kernel in mirrored pairs: unit 2k + 1 is unit 2k with the sign changed. Of
 * such a pair of ReLU units one is alive for every image, so that the module can learn. An odd last unit stands alone.
 */
export function mirroredHeUniform(inputs: number, units: number, seed: number, name: string): Float32Array {
  const random = randomNumbers(seed, name);
  const limit = Math.sqrt(6 / inputs);
  const values = new Float32Array(inputs * units);
  for (let unit = 0; unit < units; unit += 2) {
    for (let input = 0; input < inputs; input++) {
      const value = (2 * random() - 1) * limit;
      values[input * units + unit] = value;
      if (unit + 1 < units) values[input * units + unit + 1] = -value;
    }
  }
  return values;
}

/** He-uniform values, for `--init paper`. */
export const heUniform = (inputs: number, units: number, seed: number, name: string): Float32Array =>
  uniformValues(inputs * units, Math.sqrt(6 / inputs), randomNumbers(seed, name));

/**
 * Glorot-uniform values, for the expand of `--init paper` and for a new head.
 * @param places how many places a kernel covers
 */
export const glorotUniform = (inputs: number, units: number, seed: number, name: string, places = 1): Float32Array =>
  uniformValues(places * inputs * units, Math.sqrt(6 / (places * (inputs + units))), randomNumbers(seed, name));
