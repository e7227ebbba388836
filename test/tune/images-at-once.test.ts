import { beforeAll, describe, expect, test } from 'vitest';
import { retrofit } from '../../src/index.js';
import { loadModel } from '../../src/runtime/load-model.js';
import { startBackend } from '../../src/runtime/start-backend.js';
import type { TensorFlow } from '../../src/runtime/tensorflow.js';
import { createAdam } from '../../src/tune/adam.js';
import { bytesAnImage } from '../../src/tune/images-at-once.js';
import { makeNetwork, type Network } from '../../src/tune/network.js';
import { judgeBatch, trainStep } from '../../src/tune/train-step.js';
import { splitSteps } from '../../src/tune/training-steps.js';
import { readFixture } from '../support/fixtures.js';
import { peakOf } from '../support/tensor-memory.js';
import { tf } from '../support/tensorflow.js';
import { makeExamples } from '../support/tuning.js';

let tensorflow: TensorFlow;

beforeAll(async () => {
  await startBackend('cpu');
  tensorflow = await startBackend('wasm');
});

const BATCH = 7;
const sizeOf = (name: string) => (name === 'inception' ? 16 : 32);

async function prepare(name: string, train: 'modules' | 'all') {
  const model = retrofit(await readFixture(name), { ratio: 4, init: 'paper' });
  const loaded = await loadModel(tensorflow, model);
  const network = makeNetwork(tensorflow, model, loaded, [train]);
  const side = sizeOf(name);
  const { pixels, labels } = makeExamples(BATCH, side ** 2 * 3, 5, 1);
  const batch = { pixels, images: labels.map((label) => ({ path: '', label })) };
  const size = { height: side, width: side, channels: 3 } as const;
  return { loaded, network, batch, size };
}

/** One step, with at most so many images at once; all weights and the loss after it. */
async function stepOf(name: string, most: number) {
  const { network, batch, size } = await prepare(name, 'modules');
  const parted: Network = { ...network, imagesAtOnce: () => most };
  const variables = network.weights.trained.map(({ variable }) => variable);
  const adam = createAdam(tf, variables);
  const before = judgeBatch(tensorflow, parted, batch, size);
  const result = trainStep(tensorflow, parted, adam, batch, size, { number: 0, rate: 1e-3, random: () => 0.5 });
  const after = judgeBatch(tensorflow, parted, batch, size);
  const moments = adam.first.map((variable) => Float32Array.from(variable.dataSync()));
  return { before, result, after, moments };
}

describe.each(['mobilenet-v2'])('a step of %s in parts is one in one piece', (name) => {
  test.each([1, 3])('of %i', async (most) => {
    const [expected, found] = [await stepOf(name, BATCH), await stepOf(name, most)];
    expect(found.before).toEqual({ ...expected.before, loss: expect.closeTo(expected.before.loss, 5) });
    expect(found.result).toEqual({ ...expected.result, loss: expect.closeTo(expected.result.loss, 5) });
    expect(found.after.loss).toBeCloseTo(expected.after.loss, 5);
    expect(expected.after.loss).not.toBeCloseTo(expected.before.loss, 3);
    const largest = Math.max(...expected.moments.flatMap((values) => [...values].map(Math.abs)));
    for (const [index, values] of found.moments.entries())
      for (const [at, value] of values.entries())
        expect(Math.abs(value - expected.moments[index]![at]!) / largest).toBeLessThan(1e-5);
  });
});

test.each(
  ['resnet-v2', 'mobilenet-v2', 'inception', 'vgg-bn'].flatMap((name) =>
    (['modules', 'all'] as const).map((train) => ({ name, train })),
  ),
)('what a step of $name, $train, takes is foreseen', async ({ name, train }) => {
  const { loaded, network, batch, size } = await prepare(name, train);
  const whole: Network = { ...network, imagesAtOnce: () => BATCH };
  const adam = createAdam(
    tf,
    network.weights.trained.map(({ variable }) => variable),
  );
  const step = (number: number) =>
    trainStep(tensorflow, whole, adam, batch, size, { number, rate: 1e-3, random: () => 0.5 });
  // Kernels with norms in them are made in the first.
  step(0);
  const weights = network.weights.trained.reduce((sum, { variable }) => sum + 4 * variable.read().size, 0);
  const trained = network.weights.layers;
  const foreseen = bytesAnImage(splitSteps(tf, loaded.runs, trained), size);
  const peak = peakOf(() => step(1));
  expect(peak).toBeLessThan(BATCH * foreseen + 4 * weights);
  expect(peak).toBeGreaterThan((BATCH * foreseen) / 8);
});
