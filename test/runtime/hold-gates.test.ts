import { expect, test } from 'vitest';
import { bake, planBake, retrofit } from '../../src/index.js';
import type { ExcitedModule } from '../../src/runtime/excite-model.js';
import { holdGates } from '../../src/runtime/hold-gates.js';
import { loadModel } from '../../src/runtime/load-model.js';
import { startBackend } from '../../src/runtime/start-backend.js';
import { readFixture } from '../support/fixtures.js';
import { tf } from '../support/tensorflow.js';

// Gates that stand still compute what `bake` folds into the weights.
test.each(['resnet-v1', 'densenet', 'mobilenet-v2'])('%s', async (name) => {
  const tensorflow = await startBackend('wasm');
  // The paper's initial weights: every gate moves.
  const model = retrofit(await readFixture(name), { init: 'paper', ratio: 4 });
  const plan = planBake(model);
  const means = new Map(
    plan.modules.map(({ name: each, channels }) => [
      each,
      Float64Array.from({ length: channels }, (_, channel) => Math.fround(0.3 + ((channel * 7) % 10) / 25)),
    ]),
  );
  const asked = plan.modules.map(({ name: each }) => ({ name: each, mean: means.get(each)! }) as ExcitedModule);
  const loaded = await loadModel(tensorflow, model);
  const floats = new Map([...means].map(([each, mean]) => [each, Float32Array.from(mean)]));
  const baked = await loadModel(tensorflow, bake(model, floats, plan));
  const shape = loaded.runs.inputs[0]!.shape.map((size) => size ?? 2);
  const input = tf.randomUniform(shape, 0, 1, 'float32', 7);
  const outputOf = ({ runs }: typeof loaded) => [...(runs.predict(input) as tf.Tensor).dataSync()];
  const moving = outputOf(loaded);
  const end = holdGates(tensorflow, loaded, asked);
  const held = outputOf(loaded);
  end();
  const scale = Math.max(...held.map(Math.abs));
  const differ = (one: readonly number[], other: readonly number[]) =>
    Math.max(...one.map((value, index) => Math.abs(value - other[index]!))) / scale;
  expect(differ(held, outputOf(baked))).toBeLessThan(1e-5);
  expect(differ(held, moving)).toBeGreaterThan(1e-4);
  expect(outputOf(loaded)).toEqual(moving);
});
