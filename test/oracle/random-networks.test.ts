import { join } from 'node:path';
import { beforeAll, test } from 'vitest';
import { RetrofitError, readModel, writeModel } from '../../src/index.js';
import { isAll } from '../support/is-all.js';
import { randomNetwork } from '../support/random-network.js';
import { randomOptions, saveModel } from '../support/random-retrofit.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { useBackend } from '../support/tensorflow.js';
import { SEED } from '../support/turns.js';
import { describeOracle } from './oracle.js';
import { expectExact, retrofitSaved } from './saved-models.js';

// Random small networks, made by TensorFlow.js, converted for a Keras and retrofitted there with random options: real
// Keras computes the very same numbers. The seed is the test's name.

const folder = temporaryFolder();
const COUNT = isAll ? 300 : 4;
const REFUSALS: readonly string[] = ['nothing-found', 'nothing-chosen', 'already-retrofitted', 'cannot-convert'];

beforeAll(() => useBackend('cpu'));

for (const kind of ['keras2', 'keras3'] as const) {
  describeOracle(kind, 'random networks', (keras) => {
    const seeds = Array.from({ length: COUNT }, (_, index) => SEED + index + (kind === 'keras3' ? 10_000 : 0));
    test.each(seeds)('network %i', async (seed) => {
      const place = join(folder, `${kind}-${seed}`);
      await saveModel(randomNetwork(seed), join(place, 'web'));
      const extension = seed % 2 === 0 ? 'keras' : 'h5';
      const before = join(place, `before.${extension}`);
      try {
        await writeModel(await readModel(join(place, 'web')), before, { dialect: kind });
        const after = await retrofitSaved(before, join(place, 'after'), randomOptions(seed));
        await expectExact(keras, before, after);
      } catch (error) {
        if (!(error instanceof RetrofitError) || !REFUSALS.includes(error.code)) throw error;
      }
    });
  });
}
