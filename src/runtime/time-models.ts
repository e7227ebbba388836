import { setImmediate } from 'node:timers/promises';
import type { LoadedModel } from './load-model.js';
import { median } from './median.js';

/** Time that two models take, in milliseconds an example. */
export interface Timing {
  /** Medians. */
  readonly before: number;
  readonly after: number;
  /** Second over first: the median of the ratios of neighbouring runs, which drifts of the machine's speed leave alone. */
  readonly ratio: number;
}

const WARM_UPS = 2;
const LEAST_PAIRS = 5;
const MOST_PAIRS = 50;
const ENOUGH_MILLISECONDS = 10_000;

/**
 * Times two models in turns, in one run: each pair in the other order than the one before.
 * @param compute runs a model on one batch, until its numbers are there
 * @param count examples of the batch
 */
export async function timeModels(
  compute: (model: LoadedModel) => void,
  count: number,
  before: LoadedModel,
  after: LoadedModel,
): Promise<Timing> {
  const clock = (model: LoadedModel): number => {
    const started = performance.now();
    compute(model);
    return (performance.now() - started) / count;
  };
  for (let run = 0; run < WARM_UPS; run++) {
    compute(before);
    compute(after);
  }
  const pairs: { readonly before: number; readonly after: number }[] = [];
  const started = performance.now();
  while (
    pairs.length < LEAST_PAIRS ||
    (pairs.length < MOST_PAIRS && performance.now() - started < ENOUGH_MILLISECONDS)
  ) {
    // A signal is heard in between.
    await setImmediate();
    if (pairs.length % 2 === 0) pairs.push({ before: clock(before), after: clock(after) });
    else {
      const second = clock(after);
      pairs.push({ before: clock(before), after: second });
    }
  }
  return {
    before: median(pairs.map((pair) => pair.before)),
    after: median(pairs.map((pair) => pair.after)),
    ratio: median(pairs.map((pair) => pair.after / pair.before)),
  };
}
