import { setImmediate } from 'node:timers/promises';
import type { Tensor } from '@tensorflow/tfjs-core';
import { inputError, RetrofitError, reasonOf } from '../errors.js';
import { findFirstDifference } from './first-difference.js';
import { checkOutputShapes, type InputBatch } from './input-batches.js';
import type { LoadedModel } from './load-model.js';
import { namingMemory } from './out-of-memory.js';
import { predictBoth } from './predict-both.js';
import type { TensorFlow } from './tensorflow.js';
import { type Timing, timeModels } from './time-models.js';
import { findHiddenNaN, HIDDEN_NAN_HINT } from './weights-not-finite.js';

/** Difference of one output of two models. */
export interface OutputDifference {
  readonly name: string;
  /** Null where one model gives no finite number and the other something else. */
  readonly maxAbsDiff: number | null;
}

/** Result of computing the same inputs with two models. */
export interface Verification {
  /** Whether every number is the same, bit for bit. */
  readonly identical: boolean;
  /** Largest difference in all outputs. */
  readonly maxAbsDiff: number | null;
  /** Numbers of all outputs and examples. */
  readonly numbers: number;
  /** Numbers that are NaN in both: they count as equal, and prove nothing. */
  readonly bothNaN: number;
  readonly outputs: readonly OutputDifference[];
  /** The first layer of the second model at which they part. */
  readonly firstDifference: string | null;
  /** Examples that both computed. */
  readonly examples: number;
  readonly timing: Timing | null;
}

export interface VerifyOptions {
  /** Whether to measure how long each takes. */
  readonly time: boolean;
}

/**
 * Computes the same inputs with two models and compares their outputs number by number: NaN equals NaN.
 * @throws RetrofitError `not-comparable` for other inputs or outputs, `cannot-compute` where TensorFlow.js fails
 */
export async function verifyModels(
  tensorflow: TensorFlow,
  before: LoadedModel,
  after: LoadedModel,
  batches: Iterable<InputBatch> | AsyncIterable<InputBatch>,
  { time }: VerifyOptions,
): Promise<Verification> {
  const { tf } = tensorflow;
  checkOutputShapes(before.runs, after.runs, after.model.path);
  const hidden = new Map([before, after].map((model) => [model, findHiddenNaN(tf, model.runs)]));
  const predictors = predictBoth(tensorflow, before, after);
  const differences = before.runs.outputs.map(
    (): Difference => ({ identical: true, maxAbsDiff: 0, numbers: 0, bothNaN: 0 }),
  );
  let examples = 0;
  let differing: InputBatch | undefined;
  let first: InputBatch | undefined;
  try {
    for await (const batch of batches) {
      // Computing waits for nothing: without a turn no signal is heard, and no progress shown, before the end.
      await setImmediate();
      const [left, right] = computeBoth(batch);
      left.forEach((values, index) => {
        const found = difference(values, right[index]!);
        if (!found.identical) differing ??= batch;
        differences[index] = larger(differences[index]!, found);
      });
      first ??= batch;
      examples += batch.count;
    }
  } finally {
    predictors.end();
  }
  await setImmediate();
  const layer = differing === undefined ? undefined : findFirstDifference(before, after, compute(differing));
  const total = differences.reduce(larger);
  return {
    ...total,
    outputs: differences.map(({ maxAbsDiff }, index) => ({ name: before.runs.outputNames[index]!, maxAbsDiff })),
    firstDifference: layer ?? null,
    examples,
    timing: time ? await timeModels(compute(first!), first!.count, before, after) : null,
  };

  /** Computes a batch with both models: the values of each output. */
  function computeBoth(batch: InputBatch): readonly [readonly Float32Array[], readonly Float32Array[]] {
    let values: ReturnType<typeof computeBoth> = [[], []];
    tf.tidy(() => {
      const inputs = tensorsOf(batch);
      const first = naming(before, () => predictors.first(inputs));
      const second = naming(after, () => predictors.second(first));
      values = [valuesOf(first.outputs), valuesOf(second)];
    });
    checkNumbers(before, values[0]);
    checkNumbers(after, values[1]);
    return values;
  }

  /** @throws RetrofitError `cannot-compute` for numbers where other backends would have none */
  function checkNumbers(model: LoadedModel, outputs: readonly Float32Array[]): void {
    const weight = hidden.get(model);
    if (weight === undefined || !outputs.some((values) => values.some(Number.isFinite))) return;
    throw inputError('cannot-compute', `no numbers come of the weight ${weight}, and wasm overlooks that`, {
      where: { file: model.model.path },
      hint: HIDDEN_NAN_HINT,
    });
  }

  /** Computes a batch with a model as a page does. */
  function compute(batch: InputBatch): (model: LoadedModel) => void {
    return (model) =>
      tf.tidy(() => {
        naming(model, () => valuesOf([model.runs.predictOnBatch(tensorsOf(batch))].flat()));
      });
  }

  function tensorsOf({ inputs }: InputBatch): Tensor[] {
    return inputs.map(({ values, shape }) => tf.tensor(values, [...shape]));
  }
}

const valuesOf = (tensors: readonly Tensor[]): readonly Float32Array[] =>
  tensors.map((tensor) => Float32Array.from(tensor.dataSync()));

/** Computes, and names the model where that fails. */
function naming<T>({ model }: LoadedModel, compute: () => T): T {
  try {
    return compute();
  } catch (error) {
    const named = namingMemory(error);
    if (named instanceof RetrofitError) throw named;
    throw inputError('cannot-compute', `TensorFlow.js fails on the model: ${reasonOf(error)}`, {
      where: { file: model.path },
      hint: 'compute with this model in the program that made it',
    });
  }
}

type Difference = Pick<Verification, 'identical' | 'maxAbsDiff' | 'numbers' | 'bothNaN'>;

function difference(before: Float32Array, after: Float32Array): Difference {
  let identical = before.length === after.length;
  let [maxAbsDiff, bothNaN] = [0, 0];
  let isKnown = identical;
  for (let index = 0; index < before.length; index++) {
    if (Object.is(before[index], after[index])) {
      if (Number.isNaN(before[index])) bothNaN++;
      continue;
    }
    identical = false;
    const found = Math.abs(before[index]! - after[index]!);
    if (Number.isFinite(found)) maxAbsDiff = Math.max(maxAbsDiff, found);
    else isKnown = false;
  }
  return { identical, maxAbsDiff: isKnown ? maxAbsDiff : null, numbers: before.length, bothNaN };
}

const larger = (left: Difference, right: Difference): Difference => ({
  identical: left.identical && right.identical,
  maxAbsDiff:
    left.maxAbsDiff === null || right.maxAbsDiff === null ? null : Math.max(left.maxAbsDiff, right.maxAbsDiff),
  numbers: left.numbers + right.numbers,
  bothNaN: left.bothNaN + right.bothNaN,
});
