import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadModel } from '../../src/runtime/load-model.js';
import { startBackend } from '../../src/runtime/start-backend.js';
import type { TensorFlow } from '../../src/runtime/tensorflow.js';
import { LOADABLE_NAMES, modelFolder, readFixture } from '../support/fixtures.js';
import { firstDifference, loadModel as loadFile, predict, seededInputs, tf } from '../support/tensorflow.js';

let tensorflow: TensorFlow;
beforeAll(async () => {
  tensorflow = await startBackend('wasm');
});
afterAll(() => tf.disposeVariables());

test.each(LOADABLE_NAMES)('%s: converted in memory it computes what the file does', async (name) => {
  const [ours, theirs] = [await loadModel(tensorflow, await readFixture(name)), await loadFile(modelFolder(name))];
  const inputs = seededInputs(theirs, 1);
  expect(firstDifference(predict(theirs, inputs), predict(ours.runs, inputs))).toBeUndefined();
});
