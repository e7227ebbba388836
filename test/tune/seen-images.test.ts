import { beforeAll, expect, test } from 'vitest';
import { retrofit } from '../../src/index.js';
import { loadModel } from '../../src/runtime/load-model.js';
import { startBackend } from '../../src/runtime/start-backend.js';
import type { TensorFlow } from '../../src/runtime/tensorflow.js';
import { makeNetwork, type Network } from '../../src/tune/network.js';
import { plainLook, rememberSeen } from '../../src/tune/seen-images.js';
import { readFixture } from '../support/fixtures.js';
import { makeExamples } from '../support/tuning.js';

let tensorflow: TensorFlow;

beforeAll(async () => {
  tensorflow = await startBackend('wasm');
});

const SIZE = { height: 32, width: 32, channels: 3 } as const;
const LENGTH = 32 * 32 * 3;

test('what no training changes is computed once an image, whatever batch it comes in', async () => {
  const model = retrofit(await readFixture('mobilenet-v2'), { ratio: 4 });
  const network = makeNetwork(tensorflow, model, await loadModel(tensorflow, model), ['modules']);
  expect(network.looksAtNothing).toBe(false);
  let computed = 0;
  const counting: Network = {
    ...network,
    look: (images) => {
      computed += images.shape[0]!;
      return network.look(images);
    },
  };
  const { pixels } = makeExamples(6, LENGTH, 3, 1);
  const batchOf = (...numbers: readonly number[]) => ({
    pixels: Float32Array.from(numbers.flatMap((each) => [...pixels.subarray(each * LENGTH, (each + 1) * LENGTH)])),
    images: numbers.map((each) => ({ path: `${each}.png`, label: 0 })),
  });
  const look = rememberSeen(tensorflow, counting, SIZE);
  const valuesOf = (seen: ReturnType<typeof look>) => seen.map((tensor) => [tensor.shape, [...tensor.dataSync()]]);
  for (const numbers of [[0, 1, 2], [3, 4], [4, 0, 3], [2], [5, 1]]) {
    const expected = plainLook(tensorflow, network, SIZE)(batchOf(...numbers));
    expect(valuesOf(look(batchOf(...numbers)))).toEqual(valuesOf(expected));
  }
  // The last batch as a whole, for one of its images was new.
  expect(computed).toBe(7);
});

test('where training has an influence from the first layer on, pixels are not kept a second time', async () => {
  const model = retrofit(await readFixture('mobilenet-v2'), { ratio: 4 });
  const network = makeNetwork(tensorflow, model, await loadModel(tensorflow, model), ['all']);
  expect(network.looksAtNothing).toBe(true);
});
