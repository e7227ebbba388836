import { beforeAll, expect, test } from 'vitest';
import { inspect, readModel } from '../../src/index.js';
import { imageSize } from '../../src/runtime/image-input.js';
import { listGates } from '../../src/runtime/list-gates.js';
import { loadModel } from '../../src/runtime/load-model.js';
import { startBackend } from '../../src/runtime/start-backend.js';
import type { TensorFlow } from '../../src/runtime/tensorflow.js';
import { makeFolders } from '../support/cli.js';
import { MODEL_NAMES, readFixture } from '../support/fixtures.js';
import { buildModel, layerOf, writeBuilt } from '../support/model-builder.js';
import { byTurns } from '../support/turns.js';

let tensorflow: TensorFlow;
beforeAll(async () => {
  tensorflow = await startBackend('cpu');
});

const newFolder = makeFolders();

const SHAPES = ['multi-io', 'siamese', 'conv1d-residual', 'conv3d-plain', 'channels-first', 'single-channel'];
const sampled = [...new Set([...MODEL_NAMES.filter((name) => SHAPES.includes(name)), ...byTurns(MODEL_NAMES, 4)])];

test.each(sampled)('%s: what inspect says of the commands is what they find', async (name) => {
  const model = await readFixture(name);
  const { runs } = await loadModel(tensorflow, model);
  const takesImages = () => imageSize(runs, name);
  const { commands } = inspect(model);
  const { verify, excite, tune, bake } = Object.fromEntries(commands.map(({ command, ok }) => [command, ok]));
  const isForImages = excite || tune || commands.some(({ blockedBy }) => /SE module/.test(blockedBy?.reason ?? ''));
  expect(verify).toBe(true);
  if (isForImages) expect(takesImages()).toBeDefined();
  else if (runs.outputs.length === 1)
    expect(takesImages).toThrow(expect.objectContaining({ code: 'not-an-image-model' }));
  // Only modules have gates to look at.
  expect(bake).toBe(excite);
  if (isForImages) expect(excite).toBe(listGates(model).length > 0);
  // And tune trains them, unless it is told to train something else.
  if (isForImages) expect(tune).toBe(runs.outputs.length === 1 && excite);
  runs.dispose();
});

test('a model with a layer that TensorFlow.js lacks: none, for that layer', async () => {
  const built = buildModel();
  layerOf(built, 'a').class_name = 'OwnLayer';
  const place = writeBuilt(newFolder(), built);
  const model = await readModel(place);
  await expect(loadModel(tensorflow, model)).rejects.toMatchObject({ where: { layer: 'a' } });
  for (const { ok, blockedBy } of inspect(model).commands) {
    expect(ok).toBe(false);
    expect(blockedBy).toMatchObject({ layer: 'a', reason: expect.stringContaining('OwnLayer') });
  }
});
