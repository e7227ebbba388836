import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { bake, planRetrofit, readModel, retrofit, strip, writeModel } from '../../src/index.js';
import { planBake } from '../../src/plan/plan-bake.js';
import { modelFolder, readFixture } from '../support/fixtures.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { firstDifference, loadModel, predict, seededInputs, tf, useBackend } from '../support/tensorflow.js';

// A gate a frame. That a retrofit of these models predicts the same bits with every option: exactness.test.ts.

const folder = temporaryFolder();

afterEach(() => tf.disposeVariables());

const LAYERS = 'distributed-layers';
const MODELS = 'distributed-models';

test('layers in wrappers make the blocks of a network; each frame is counted', async () => {
  const plan = planRetrofit(await readFixture(LAYERS));
  expect(plan.sites.map(({ name, after, exactBy, stepAxes }) => [name, after, exactBy, stepAxes])).toEqual([
    ['se_1_1', 'a2_bn', 'norm', 1],
    ['se_1_2', 'b2_bn', 'norm', 1],
  ]);
  expect(plan.stages.map(({ size, channels }) => [size, channels])).toEqual([[[12, 12], 8]]);
  const perFrame = 144 * 27 * 8 + 4 * 144 * 9 * 8 * 8 + 6 * 6 * 8 * 6;
  expect(plan.macs.before).toBe(3 * perFrame + 5 * 4);
  expect(plan.sites[0]).toMatchObject({ params: 2 * 8 * 2, macs: 3 * (2 * 8 * 2 + 144 * 8), additions: 3 * 144 * 8 });
  expect(plan.params).toMatchObject({ before: 4670, added: 64 });
});

test('models in wrappers are looked into, at any depth', async () => {
  const plan = planRetrofit(await readFixture(MODELS));
  expect(plan.sites.map(({ name, after, graph, stepAxes }) => [name, after, graph, stepAxes])).toEqual([
    ['se_1_1', 'first', ['each_shot', 'each_frame'], 0],
    ['se_2_1', 'second', ['each_shot', 'each_frame'], 0],
  ]);
  // Two videos of 3 shots of 2 frames.
  expect(plan.macs.before).toBe(12 * (100 * 27 * 8 + 25 * 9 * 8 * 8) + 5 * 4);
  expect(plan.params).toMatchObject({ before: 1304, added: 64 });
});

test('a module behind a wrapped layer is wrapped, but for what takes two tensors', async () => {
  const model = await readFixture(LAYERS);
  const output = join(folder, 'wrapped');
  await writeModel(retrofit(model, { stages: [1] }), output);
  const { layers } = JSON.parse(readFileSync(join(output, 'model.json'), 'utf8')).modelTopology.model_config.config;
  const classes = layers
    .filter(({ name }: { name: string }) => name.startsWith('se_1_1_'))
    .map(({ name, class_name: outer, config }: { name: string; class_name: string; config: { layer?: object } }) => [
      name,
      outer,
      (config.layer as { class_name: string; config: { name: string } } | undefined)?.class_name,
    ]);
  expect(classes).toEqual([
    ['se_1_1_squeeze', 'TimeDistributed', 'GlobalAveragePooling2D'],
    ['se_1_1_reduce', 'TimeDistributed', 'Dense'],
    ['se_1_1_expand', 'TimeDistributed', 'Dense'],
    ['se_1_1_reshape', 'TimeDistributed', 'Reshape'],
    ['se_1_1_scale', 'Multiply', undefined],
  ]);
});

test.each([LAYERS, MODELS])('%s is what it was, byte for byte, when its modules are gone', async (name) => {
  const output = join(folder, `${name}-se`);
  await writeModel(retrofit(await readFixture(name)), output);
  const plain = join(folder, `${name}-plain`);
  await writeModel(strip(await readModel(output)), plain);
  for (const file of readdirSync(plain))
    expect(readFileSync(join(plain, file)).equals(readFileSync(join(modelFolder(name), file)))).toBe(true);
});

test.each([LAYERS, MODELS])('%s predicts the same bits with its first gates baked in', async (name) => {
  await useBackend('cpu');
  const model = retrofit(await readFixture(name));
  const modules = planBake(model).modules;
  const gates = modules.map(
    ({ name: module, channels, isGateDoubled }) =>
      [module, new Float32Array(channels).fill(isGateDoubled ? 1 : 0.5)] as const,
  );
  const output = join(folder, `${name}-baked`);
  await writeModel(bake(model, new Map(gates)), output);
  expect(modules.map(({ road }) => road)).toEqual(['upstream', 'upstream']);
  const [before, after] = [await loadModel(modelFolder(name)), await loadModel(output)];
  const inputs = seededInputs(before, 1);
  expect(firstDifference(predict(before, inputs), predict(after, inputs))).toBeUndefined();
});
