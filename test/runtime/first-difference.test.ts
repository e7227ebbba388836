import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Model, retrofit } from '../../src/index.js';
import { findFirstDifference } from '../../src/runtime/first-difference.js';
import { commonInputShapes, seededBatches } from '../../src/runtime/input-batches.js';
import { type LoadedModel, loadModel } from '../../src/runtime/load-model.js';
import { startBackend } from '../../src/runtime/start-backend.js';
import type { TensorFlow } from '../../src/runtime/tensorflow.js';
import { changeWeight } from '../support/changed-weights.js';
import { LOADABLE_NAMES, readFixture } from '../support/fixtures.js';
import { planOrNothing } from '../support/retrofitted.js';
import { tf } from '../support/tensorflow.js';
import { byTurns } from '../support/turns.js';

let tensorflow: TensorFlow;
beforeAll(async () => {
  tensorflow = await startBackend('wasm');
});
afterAll(() => tf.disposeVariables());

/** Both models in memory, and the first layer at which they part on seeded inputs. */
async function firstDifference(before: Model, after: Model): Promise<string | undefined> {
  const [first, second] = [await loadModel(tensorflow, before), await loadModel(tensorflow, after)];
  const shapes = commonInputShapes(first.runs, second.runs, '');
  const [batch] = seededBatches(first.model, shapes, { samples: 2, batch: 2, seed: 1 });
  const compute = async ({ runs }: LoadedModel) =>
    tf.tidy(() => {
      runs.predictOnBatch(batch!.inputs.map(({ values, shape }) => tf.tensor(values, [...shape])));
    });
  return findFirstDifference(first, second, compute);
}

describe('of an exact retrofit no layer differs by more than the powers of two that the records account for', () => {
  const OPTIONS = [{}, { placement: 'post' }, { granularity: 'conv', form: 'conv' }] as const;
  test.each(
    byTurns(
      LOADABLE_NAMES.map((name, index) => ({ name, index })),
      2,
    ),
  )('$name', async ({ name, index }) => {
    const before = await readFixture(name);
    // One of them by turns; another seed takes another.
    for (const options of byTurns(OPTIONS, OPTIONS.length, index)) {
      const plan = planOrNothing(before, options);
      if (plan === undefined) continue;
      const after = retrofit(before, plan);
      expect(await firstDifference(before, after), JSON.stringify(options)).toBeUndefined();
      expect(await firstDifference(after, before), JSON.stringify(options)).toBeUndefined();
    }
  });
});

describe('where they part', () => {
  const moved = (values: Float32Array) => values.map((value, index) => value + 1 + index);

  test.each([
    ['before all modules', 'conv1_conv', 'kernel', 'conv1_conv'],
    ['a norm that is doubled for the module behind it', 'conv2_block1_3_bn', 'gamma', 'conv2_block1_3_bn'],
    ['a shift of such a norm', 'conv3_block2_3_bn', 'beta', 'conv3_block2_3_bn'],
    ['a module that was trained', 'se_3_1_expand', 'kernel', 'se_3_1_scale'],
    ['a module whose gate is 1/2 whatever its first projection says', 'se_3_1_reduce', 'kernel', undefined],
    ['the last layer', 'predictions', 'bias', 'predictions'],
  ])('%s: %s/%s', async (_, layer, weight, parts) => {
    const before = await readFixture('resnet-v1');
    const after = changeWeight(retrofit(before), layer, weight, moved);
    expect(await firstDifference(before, after)).toBe(parts);
  });

  test('a weight that is doubled and not recorded is a difference; a recorded one that is not doubled, too', async () => {
    const before = await readFixture('resnet-v1');
    const after = retrofit(before);
    const doubled = after.record!.doubled.filter(({ layer }) => layer !== 'conv2_block2_3_bn');
    const forgotten = { ...after, record: { ...after.record!, doubled } };
    expect(await firstDifference(before, forgotten)).toBe('conv2_block2_3_bn');
    const half = (values: Float32Array) => values.map((value) => value / 2);
    expect(await firstDifference(before, changeWeight(after, 'conv2_block2_3_bn', 'gamma', half))).toBe(
      'conv2_block2_3_bn',
    );
  });

  test('inside a nested model', async () => {
    const before = await readFixture('nested-backbone-functional');
    const after = retrofit(before);
    const { graph, name } = after.record!.modules[1]!;
    expect(graph.length).toBe(1);
    expect(await firstDifference(before, changeWeight(after, `${name}_expand`, 'kernel', moved))).toBe(
      `${graph[0]}/${name}_scale`,
    );
  });
});
