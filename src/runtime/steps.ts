import type { Tensor } from '@tensorflow/tfjs-core';
import type { layers as kinds } from '@tensorflow/tfjs-layers';
import type { LayerCall } from './layer-calls.js';

/** A computation from some tensors, which are numbered as in `LayerCall`. */
export interface Step {
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly layers: readonly kinds.Layer[];
  readonly compute: (inputs: Tensor[], isTraining: boolean) => readonly Tensor[];
}

/** A layer as TensorFlow.js computes it. */
export const layerStep = ({ layer, inputs, outputs }: LayerCall): Step => ({
  inputs,
  outputs,
  layers: [layer],
  compute: (given, isTraining) => [layer.call(given.length === 1 ? given[0]! : given, { training: isTraining })].flat(),
});

/** The same as a prediction does it: recurrent layers find the states that they start from among their inputs there. */
export const appliedStep = ({ layer, inputs, outputs }: LayerCall): Step => ({
  inputs,
  outputs,
  layers: [layer],
  compute: (given) => [layer.apply(given, { training: false })].flat() as Tensor[],
});

/** Layers one behind the other that are computed as one, from a tensor to a tensor. */
export const joinedStep = (members: readonly LayerCall[], compute: (input: Tensor) => Tensor): Step => ({
  inputs: members[0]!.inputs,
  outputs: members.at(-1)!.outputs,
  layers: members.map(({ layer }) => layer),
  compute: ([input]) => [compute(input!)],
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
