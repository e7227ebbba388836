import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { inspect, readModel, retrofit, writeModel } from '../../src/index.js';
import { patientThread } from '../fuzz/threads.mjs';
import { temporaryFolder } from '../support/temporary-folder.js';
import { tf, useBackend } from '../support/tensorflow.js';
import { describeOracle } from './oracle.js';
import { expectClose } from './saved-models.js';
import { expectCloseInTensorFlowJs } from './tensorflowjs.js';

// What the converter of TensorFlow.js makes of Keras 3 models, and what people make of that: fixtures/make_converted.py.
// The right numbers are Keras 3's.

const CONVERTED = fileURLToPath(new URL('../../fixtures/converted/', import.meta.url));
const NAMES = readdirSync(CONVERTED).sort();

const folder = temporaryFolder();
const thread = patientThread(new URL('../fuzz/judge-tfjs.mjs', import.meta.url), { megabytes: 1000 });
beforeAll(() => useBackend('cpu'));
afterAll(() => thread.end());
afterEach(() => tf.disposeVariables());

const expectedOf = (name: string) =>
  Float32Array.from(JSON.parse(readFileSync(join(CONVERTED, name, 'expected.json'), 'utf8')) as number[]);
const load = (path: string) => thread.ask({ path: join(path, 'model.json') }, 30_000);

test.each(NAMES)('%s: TensorFlow.js does not load it, and loads what is written of it', async (name) => {
  const model = await readModel(join(CONVERTED, name));
  expect(inspect(model).loads.find(({ loader }) => loader === 'tfjs')).toMatchObject({ ok: false });
  const written = [join(folder, name), join(folder, `${name}-se`)] as const;
  await writeModel(model, written[0]);
  await writeModel(retrofit(model), written[1]);
  for (const path of written) {
    const { outputs, refused } = await load(path);
    expect(refused).toBeUndefined();
    expectClose(outputs[0].values, expectedOf(name));
    expect(inspect(await readModel(path)).loads.find(({ loader }) => loader === 'tfjs')).toMatchObject({ ok: true });
  }
});

describe.each(['keras2', 'keras3'] as const)('%s', (dialect) => {
  describeOracle(dialect, 'loads what is converted of it', (keras) => {
    test.each(NAMES)('%s', async (name) => {
      const model = await readModel(join(CONVERTED, name));
      const web = join(folder, `${name}-${dialect}`);
      await writeModel(model, web);
      for (const extension of ['.h5', '.keras']) {
        const path = `${web}${extension}`;
        await writeModel(model, path, { dialect });
        await expectCloseInTensorFlowJs(web, await keras.outputs(path));
      }
    });
  });
});
