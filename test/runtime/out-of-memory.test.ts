import { beforeAll, describe, expect, test } from 'vitest';
import { RetrofitError } from '../../src/errors.js';
import { namingMemory } from '../../src/runtime/out-of-memory.js';
import { startBackend } from '../../src/runtime/start-backend.js';
import type { TensorFlow } from '../../src/runtime/tensorflow.js';

type Made = { readonly dataId: object };

interface Heap {
  makeOutput(shape: readonly number[], dtype: string): Made;
  disposeData(dataId: object): void;
}

describe('the heap of the wasm backend', () => {
  let tensorflow: TensorFlow;
  beforeAll(async () => {
    tensorflow = await startBackend('wasm');
  });

  test('that is full says so, and is as good as before when room is made', async () => {
    const { tf } = tensorflow;
    const kept = tf.tensor1d([1, 2, 3]);
    const backend = tf.backend() as unknown as Heap;
    // Room that nothing is written into: eight times 1 GiB, and 8 GiB at once.
    for (const count of [2 ** 28, 2 ** 31]) {
      const made: Made[] = [];
      const fill = () => {
        for (let index = 0; index < 8; index++) made.push(backend.makeOutput([count], 'float32'));
      };
      expect(fill).toThrow(RetrofitError);
      expect(fill).toThrow(/^the memory is full: the wasm backend has 4 GiB, and found no \d+ MiB more$/);
      for (const { dataId } of made) backend.disposeData(dataId);
    }
    expect(await tf.add(kept, 1).data()).toEqual(Float32Array.from([2, 3, 4]));
  });
});

test.each([
  [new RangeError('Array buffer allocation failed'), true],
  [new Error('memory access out of bounds'), true],
  [new Error('OOM when allocating tensor with shape[512,224,224,64] and type float'), true],
  [new Error('Error in concat4D: rank of tensors[1] must be the same'), false],
  ['no error', false],
])('%s', (error, isMemory) => {
  const named = namingMemory(error);
  if (!isMemory) expect(named).toBe(error);
  else expect(named).toMatchObject({ kind: 'usage', code: 'out-of-memory', where: { field: 'batch' } });
});

test('the hint names a batch that takes a quarter', () => {
  const full = namingMemory(new Error('out of memory'), 32);
  expect(full).toMatchObject({ hint: expect.stringContaining('--batch 8 instead of 32') });
  expect(namingMemory(full, 5)).toMatchObject({ hint: expect.stringContaining('--batch 2 instead of 5') });
  expect(namingMemory(full, 1)).toMatchObject({ hint: expect.stringContaining('one image alone') });
});
