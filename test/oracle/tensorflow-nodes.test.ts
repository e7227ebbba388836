import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import { inspect, planRetrofit, readModel, retrofit, strip, writeModel } from '../../src/index.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { useBackend } from '../support/tensorflow.js';
import { describeOracle, numbersOf, oracle } from './oracle.js';
import { expectClose, expectExact } from './saved-models.js';
import { expectCloseInTensorFlowJs } from './tensorflowjs.js';

// Operations between layers as TensorFlow 2.0 to 2.3 saved them: nodes of its graph. tf-keras still loads them; Keras 3 and
// TensorFlow.js get the operations that they are.

const FIXTURE = fileURLToPath(new URL('../../fixtures/tensorflow-nodes/', import.meta.url));
const NET = join(FIXTURE, 'net.h5');
const { input, output } = JSON.parse(readFileSync(join(FIXTURE, 'expected.json'), 'utf8'));
const folder = temporaryFolder();
/** Of another engine than the one that made it. */
const asked = { inputs: [input], outputs: [output], structure: 0 };

beforeAll(() => useBackend('cpu'));

describeOracle('keras2', 'nodes of TensorFlow', (keras) => {
  test('a retrofit computes what the model did, in .h5 and .keras, and strip gives it back', async () => {
    const model = await readModel(NET);
    const plan = planRetrofit(model);
    expect(plan.sites.map(({ exactBy }) => exactBy)).toEqual(['norm', 'norm', 'doubled-gate']);
    expect(model.warnings).toEqual([]);
    for (const name of ['se.h5', 'se.keras']) {
      const { path } = await writeModel(retrofit(model, plan), join(folder, name));
      await expectExact(keras, NET, path);
      const { path: plain } = await writeModel(strip(await readModel(path)), join(folder, `plain-${name}`));
      const { outputs } = await keras.compare(NET, plain, { modes: ['eager'] });
      expect(outputs.map(({ eager }) => eager)).toEqual([0]);
    }
  });

  test('Keras 3 and TensorFlow.js get the operations that they are', async () => {
    const model = await readModel(NET);
    expect(inspect(model).loads.find(({ loader }) => loader === 'keras2')).toMatchObject({ ok: true });
    for (const [name, made] of [
      ['plain', model],
      ['modules', retrofit(model)],
    ] as const) {
      const written = join(folder, `${name}-3.keras`);
      await writeModel(made, written, { dialect: 'keras3' });
      const again = await oracle('keras3').outputs(written, { inputs: [input] });
      expectClose(numbersOf(again.outputs[0]!), numbersOf(output), 2e-6);
      await writeModel(made, join(folder, name));
      await expectCloseInTensorFlowJs(join(folder, name), asked, 2e-6);
    }
  });
});
