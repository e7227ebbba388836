import type { Tensor } from '@tensorflow/tfjs-core';
import { findCommonValues } from './common-steps.js';
import type { ConvolutionUnit } from './convolution-units.js';
import type { LoadedModel } from './load-model.js';
import { inputValues, predictionSteps, traceUnits } from './predictor.js';
import { runSteps } from './steps.js';
import type { TensorFlow } from './tensorflow.js';
import { listRunningLayers } from './watch-layers.js';

/** Two models' predictions from the same inputs: the second's begins where it is another than the first's. */
export interface BothPredictors {
  /** @returns the outputs, and what `second` wants of this computation */
  readonly first: (inputs: readonly Tensor[]) => First;
  readonly second: (first: First) => readonly Tensor[];
  /** Disposes of what they keep. */
  readonly end: () => void;
}

export interface First {
  readonly outputs: readonly Tensor[];
  readonly values: ReadonlyMap<number, Tensor>;
}

/**
 * Returns what predicts with two models; what both compute alike is computed once. Both are to be called in one `tf.tidy`,
 * which takes away what is left.
 */
export function predictBoth(tensorflow: TensorFlow, before: LoadedModel, after: LoadedModel): BothPredictors {
  const [own, other] = [traceUnits(before.runs), traceUnits(after.runs)];
  const nameOf = unitNames([before, after]);
  const names = [own, other].map(
    ({ units }) => new Set(units.flatMap((each) => ('members' in each ? nameOf(each) : []))),
  );
  // What is folded in one is folded in the other, or models that are the same would differ in the last bits.
  const mayFold = (unit: ConvolutionUnit) => names.every((each) => each.has(nameOf(unit)));
  const first = { ...predictionSteps(tensorflow, before.runs, own, mayFold), loaded: before };
  const second = { ...predictionSteps(tensorflow, after.runs, other, mayFold), loaded: after };
  const common = findCommonValues(first, second);
  const others = second.steps.filter(({ outputs }) => !outputs.every((value) => common.has(value)));
  const read = new Set([...others.flatMap(({ inputs }) => inputs), ...second.outputs]);
  const shared = [...common].filter(([value]) => read.has(value));
  const wanted = [...new Set([...first.outputs, ...shared.map(([, value]) => value)])];
  return {
    first: (inputs) => {
      const values = runSteps(first.steps, inputValues(before.runs, first.inputs, inputs), wanted, false);
      return { outputs: first.outputs.map((value) => values.get(value)!), values };
    },
    second: ({ values }) => {
      const given = new Map(shared.map(([value, twin]) => [value, values.get(twin)!]));
      const computed = runSteps(others, given, second.outputs, false);
      return second.outputs.map((value) => computed.get(value)!);
    },
    end: () => {
      first.end();
      second.end();
    },
  };
}

/** Names units by their convolution and their batch norm. */
function unitNames(models: readonly LoadedModel[]): (unit: ConvolutionUnit) => string {
  const paths = new Map(
    models.flatMap(({ runs }) => [...listRunningLayers(runs)].map(({ layer, path }) => [layer, path])),
  );
  return ({ convolution, norm }) => JSON.stringify([convolution, norm].map((layer) => layer && paths.get(layer)));
}
