import type { layers as kinds, LayersModel } from '@tensorflow/tfjs-layers';
import { isDeterministic } from '../layers/layer-facts.js';
import { findUnits, isBatchNorm } from '../runtime/convolution-units.js';
import { type LayerCalls, traceCalls } from '../runtime/layer-calls.js';
import { joinedStep, layerStep, type Step } from '../runtime/steps.js';
import type { TensorFlow } from '../runtime/tensorflow.js';
import { factsOfRunning } from '../runtime/watch-layers.js';
import { frozenNorm, frozenUnit } from './frozen-unit.js';

/** Order in which a model is computed: first the steps that training does not change, then the others. */
export interface Steps {
  readonly input: number;
  readonly output: number;
  /** Steps with the same result whenever an image recurs: they depend neither on trained weights nor on chance. */
  readonly settled: readonly Step[];
  /** The settled tensors that the others read. */
  readonly frontier: readonly number[];
  readonly others: readonly Step[];
}

/**
 * Takes a model apart.
 * @param trained layers whose weights move
 * @param isStill whether layers that are not trained compute as in inference, which leaves nothing to chance
 */
export function splitSteps(
  tf: TensorFlow['tf'],
  runs: LayersModel,
  trained: ReadonlySet<kinds.Layer>,
  isStill = false,
): Steps {
  const traced = traceCalls(runs);
  const { inputs, outputs } = traced;
  const [input, output] = [inputs[0]!, outputs[0]!];
  const settledValues = new Set([input]);
  const [settled, others]: [Step[], Step[]] = [[], []];
  for (const step of joinFrozen(tf, traced, trained)) {
    const isSettled =
      step.inputs.every((value) => settledValues.has(value)) &&
      step.layers.every((layer) => !trained.has(layer) && (isStill || isDeterministic(factsOfRunning(layer))));
    if (isSettled) for (const value of step.outputs) settledValues.add(value);
    (isSettled ? settled : others).push(step);
  }
  const read = new Set([...others.flatMap((step) => step.inputs), output]);
  return { input, output, settled, others, frontier: [...settledValues].filter((value) => read.has(value)) };
}

/** Joins convolutions with the layers behind them that nobody else reads, where none of them is trained. */
const joinFrozen = (tf: TensorFlow['tf'], calls: LayerCalls, trained: ReadonlySet<kinds.Layer>): readonly Step[] =>
  findUnits(calls, (layer) => !trained.has(layer)).map((each) => {
    if ('members' in each) return joinedStep(each.members, frozenUnit(tf, each));
    return trained.has(each.layer) || !isBatchNorm(each.layer)
      ? layerStep(each)
      : joinedStep([each], frozenNorm(tf, each.layer));
  });
