import { join } from 'node:path';
import { expect } from 'vitest';
import {
  type Model,
  type Plan,
  planRetrofit,
  RetrofitError,
  type RetrofitOptions,
  retrofit,
  writeModel,
} from '../../src/index.js';
import { modelFolder, readFixture } from './fixtures.js';
import { firstDifference, loadModel, predict, seededInputs } from './tensorflow.js';

const NOTHING_TO_DO: readonly string[] = ['nothing-chosen', 'nothing-found', 'already-retrofitted', 'unknown-stage'];
let count = 0;

/** Retrofits a fixture into a folder of its own; undefined where no place takes a module with these options. */
export async function retrofitFixture(
  name: string,
  options: Partial<RetrofitOptions>,
  folder: string,
): Promise<{ readonly output: string; readonly plan: Plan } | undefined> {
  const model = await readFixture(name);
  const plan = planOrNothing(model, options);
  if (plan === undefined) return undefined;
  const output = join(folder, `${name}-${count++}`);
  await writeModel(retrofit(model, plan), output);
  return { output, plan };
}

/** The plan of a retrofit; undefined where no place takes a module with these options. */
export function planOrNothing(model: Model, options: Partial<RetrofitOptions>): Plan | undefined {
  try {
    return planRetrofit(model, options);
  } catch (error) {
    if (error instanceof RetrofitError && NOTHING_TO_DO.includes(error.code)) return undefined;
    throw error;
  }
}

/** Real TensorFlow.js loads both and predicts the very same bits. */
export async function expectSameBits(name: string, output: string, message = name): Promise<void> {
  const before = await loadModel(modelFolder(name));
  const after = await loadModel(output);
  const inputs = seededInputs(before, 1);
  expect(firstDifference(predict(before, inputs), predict(after, inputs)), message).toBeUndefined();
}
