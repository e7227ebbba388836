import type { Tensor } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { type ConvolutionUnit, findUnits } from './convolution-units.js';
import { computeFolded, type FoldedWeights, foldNorm } from './folded-unit.js';
import { type KeptTensors, keepOnce } from './kept-tensors.js';
import { type LayerCalls, traceCalls } from './layer-calls.js';
import { fusedUnit } from './native-convolutions.js';
import { isNative } from './native-operations.js';
import { appliedStep, joinedStep, runSteps, type Step } from './steps.js';
import type { TensorFlow } from './tensorflow.js';
import { areFinite } from './weights-not-finite.js';

/** A model as steps in the order in which they are computed. */
export interface PredictionSteps extends Pick<LayerCalls, 'inputs' | 'outputs'> {
  readonly steps: readonly Step[];
  /** Disposes of what the steps keep. */
  readonly end: () => void;
}

/** A model's calls, and the same with convolutions and what follows them put together. */
export interface TracedUnits extends LayerCalls {
  readonly units: ReturnType<typeof findUnits>;
}

export function traceUnits(runs: LayersModel): TracedUnits {
  const traced = traceCalls(runs);
  return { ...traced, units: findUnits(traced, () => true) };
}

/** Computes a model's outputs, in their order, from its inputs; to be called in a `tf.tidy`. */
export interface Predictor {
  readonly predict: (inputs: readonly Tensor[]) => readonly Tensor[];
  /** Disposes of what it keeps. */
  readonly end: () => void;
}

/**
 * Lists the steps of a prediction: convolutions with what follows them as one where the backend can do that. TensorFlow gives
 * the same numbers, bit for bit; elsewhere batch norms are folded into the weights, which rounds otherwise.
 * @param mayFold whether a unit's batch norm may be folded
 */
export function predictionSteps(
  { tf }: TensorFlow,
  runs: LayersModel,
  traced = traceUnits(runs),
  mayFold: (unit: ConvolutionUnit) => boolean = () => true,
): PredictionSteps {
  const kept: KeptTensors<FoldedWeights>[] = [];
  const steps = traced.units.flatMap((each): readonly Step[] => {
    if (!('members' in each)) return [each.layer === runs ? wholeStep(runs, traced) : appliedStep(each)];
    const compute = isNative(tf) ? fusedUnit(tf, each) : mayFold(each) ? folded(each) : undefined;
    return compute === undefined ? each.members.map(appliedStep) : [joinedStep(each.members, compute)];
  });
  const end = () => {
    for (const each of kept) each.dispose();
  };
  return { inputs: traced.inputs, outputs: traced.outputs, steps, end };

  function folded(unit: ConvolutionUnit): ((input: Tensor) => Tensor) | undefined {
    const weights = keepOnce(tf, () => foldNorm(tf, unit));
    kept.push(weights);
    // An infinity would meet a zero earlier than it does in the layers one by one.
    const { filter, bias } = weights.get();
    if (!areFinite(filter) || (bias !== undefined && !areFinite(bias))) return undefined;
    return (input) => computeFolded(tf, unit, { filter, bias }, input);
  }
}

const wholeStep = (runs: LayersModel, { inputs, outputs }: LayerCalls): Step => ({
  inputs,
  outputs,
  layers: [runs],
  compute: (given) => [runs.predictOnBatch(given)].flat(),
});

/** Predicts with a model: as `predictOnBatch` does, sooner. */
export function makePredictor(tensorflow: TensorFlow, runs: LayersModel): Predictor {
  const { steps, inputs, outputs, end } = predictionSteps(tensorflow, runs);
  return {
    predict: (given) => {
      const computed = runSteps(steps, inputValues(runs, inputs, given), outputs, false);
      return outputs.map((value) => computed.get(value)!);
    },
    end,
  };
}

/**
 * Returns a model's inputs by their numbers.
 * @throws Error if one has another shape than the model takes
 */
export function inputValues(
  { inputs }: LayersModel,
  numbers: readonly number[],
  given: readonly Tensor[],
): ReadonlyMap<number, Tensor> {
  inputs.forEach(({ shape }, index) => {
    const found = given[index]!.shape;
    if (found.length === shape.length && shape.every((size, axis) => size === null || size === found[axis])) return;
    const wanted = shape.map((size) => size ?? 'any').join(', ');
    throw new Error(`it takes inputs of the shape [${wanted}] and was given [${found.join(', ')}]`);
  });
  return new Map(numbers.map((value, index) => [value, given[index]!]));
}
