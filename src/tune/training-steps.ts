import type { Tensor } from '@tensorflow/tfjs-core';
import type { layers as kinds, LayersModel } from '@tensorflow/tfjs-layers';
import { isDeterministic } from '../layers/layer-facts.js';
import type { TensorFlow } from '../runtime/tensorflow.js';
import { factsOfRunning, listRunningLayers } from '../runtime/watch-layers.js';
import { isBatchNorm } from './batch-norm.js';
import { activationOf, type FrozenUnit, frozenNorm, frozenUnit, isConvolution, isOverChannels } from './frozen-unit.js';
import { type LayerCall, type LayerCalls, traceCalls } from './layer-calls.js';

/** A computation from some tensors, which are numbered as in `LayerCall`. */
export interface Step {
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly layers: readonly kinds.Layer[];
  readonly compute: (inputs: Tensor[], isTraining: boolean) => readonly Tensor[];
}

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
  const { inputs, outputs, calls } = hasMasks(runs) ? wholeCall(runs) : traceCalls(runs);
  const [input, output] = [inputs[0]!, outputs[0]!];
  const settledValues = new Set([input]);
  const [settled, others]: [Step[], Step[]] = [[], []];
  for (const step of joinFrozen(tf, { inputs, outputs, calls }, trained)) {
    const isSettled =
      step.inputs.every((value) => settledValues.has(value)) &&
      step.layers.every((layer) => !trained.has(layer) && (isStill || isDeterministic(factsOfRunning(layer))));
    if (isSettled) for (const value of step.outputs) settledValues.add(value);
    (isSettled ? settled : others).push(step);
  }
  const read = new Set([...others.flatMap((step) => step.inputs), output]);
  return { input, output, settled, others, frontier: [...settledValues].filter((value) => read.has(value)) };
}

/** Masks go from layer to layer beside the tensors: TensorFlow.js leads them, if it runs the model itself. */
const hasMasks = (runs: LayersModel): boolean =>
  [...listRunningLayers(runs)].some(({ layer }) => {
    const { maskZero, activityRegularizer } = layer as { maskZero?: boolean; activityRegularizer?: object };
    return factsOfRunning(layer).masking?.({ mask_zero: maskZero }) === 'makes' || !!activityRegularizer;
  });

const wholeCall = (runs: LayersModel): LayerCalls => ({
  inputs: [0],
  outputs: [1],
  calls: [{ layer: runs, inputs: [0], outputs: [1] }],
});

/** Joins convolutions with the layers behind them that nobody else reads, where none of them is trained. */
function joinFrozen(
  tf: TensorFlow['tf'],
  { outputs, calls }: LayerCalls,
  trained: ReadonlySet<kinds.Layer>,
): readonly Step[] {
  const readers = new Map<number, LayerCall[]>();
  for (const call of calls) for (const value of call.inputs) readers.set(value, [...(readers.get(value) ?? []), call]);
  const onlyReader = ({ outputs: made }: LayerCall): LayerCall | undefined => {
    const found = readers.get(made[0]!) ?? [];
    return found.length === 1 && !outputs.includes(made[0]!) && !trained.has(found[0]!.layer) ? found[0] : undefined;
  };
  const joined = new Set<LayerCall>();
  return calls.flatMap((call): readonly Step[] => {
    if (joined.has(call)) return [];
    const { layer } = call;
    const own = activationOf(layer);
    if (!trained.has(layer) && isBatchNorm(layer)) return [{ ...layerStep(call), compute: one(frozenNorm(tf, layer)) }];
    if (trained.has(layer) || !isConvolution(layer) || own === undefined) return [layerStep(call)];
    const next = own === 'linear' ? onlyReader(call) : undefined;
    const norm = next !== undefined && isOverChannels(next.layer) ? next : undefined;
    const last = own === 'linear' ? onlyReader(norm ?? call) : undefined;
    const isActivation = last !== undefined && factsOfRunning(last.layer).role === 'activation';
    const ending = isActivation ? activationOf(last.layer) : own;
    const found = ending === 'linear' ? undefined : ending;
    const members = [call, norm, found !== undefined && isActivation ? last : undefined].filter(
      (each) => each !== undefined,
    );
    for (const member of members) joined.add(member);
    return [unitStep(tf, members, { convolution: layer, norm: norm?.layer, activation: found })];
  });
}

function unitStep(tf: TensorFlow['tf'], members: readonly LayerCall[], unit: FrozenUnit): Step {
  return {
    inputs: members[0]!.inputs,
    outputs: members.at(-1)!.outputs,
    layers: members.map(({ layer }) => layer),
    compute: one(frozenUnit(tf, unit)),
  };
}

const one =
  (compute: (input: Tensor) => Tensor): Step['compute'] =>
  ([input]) => [compute(input!)];

const layerStep = ({ layer, inputs, outputs }: LayerCall): Step => ({
  inputs,
  outputs,
  layers: [layer],
  compute: (given, isTraining) => [layer.call(given.length === 1 ? given[0]! : given, { training: isTraining })].flat(),
});

/**
 * Computes steps one after the other. A tensor is disposed of when nothing reads it any more.
 * @param given tensors that are kept
 * @param wanted numbers of the tensors to return
 */
export function runSteps(
  steps: readonly Step[],
  given: ReadonlyMap<number, Tensor>,
  wanted: readonly number[],
  isTraining: boolean,
): ReadonlyMap<number, Tensor> {
  const values = new Map(given);
  const lastUse = lastUses(steps);
  // A layer may return its input: then two numbers stand for one tensor.
  const kept = new Set<Tensor>(given.values());
  steps.forEach((step, at) => {
    const made = step.compute(
      step.inputs.map((value) => values.get(value)!),
      isTraining,
    );
    step.outputs.forEach((value, index) => {
      values.set(value, made[index]!);
    });
    for (const value of new Set([...step.inputs, ...step.outputs])) {
      if ((lastUse.get(value) ?? -1) > at || wanted.includes(value)) continue;
      const tensor = values.get(value)!;
      values.delete(value);
      if (!kept.has(tensor) && ![...values.values()].includes(tensor)) tensor.dispose();
    }
  });
  return new Map(wanted.map((value) => [value, values.get(value)!]));
}

function lastUses(steps: readonly Step[]): ReadonlyMap<number, number> {
  return new Map(steps.flatMap(({ inputs }, at) => inputs.map((value) => [value, at] as const)));
}
