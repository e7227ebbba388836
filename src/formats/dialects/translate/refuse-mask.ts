import { LOADER_NAMES } from '../../../format-names.js';
import { factsOf } from '../../../layers/known-layers.js';
import type { Layer } from '../../../model/model.js';
import { cannotConvert } from './cannot-convert.js';
import type { DialectPair } from './translate-config.js';

/** @throws RetrofitError `cannot-convert` for a layer of which the target makes something else where steps are to be skipped */
export function refuseMask(layer: Layer, dialects: Pick<DialectPair, 'target' | 'masked'>): void {
  const problem = maskProblem(layer, dialects);
  const hint = 'keep the model in the format it is in, or rebuild it without the mask';
  if (problem !== undefined) throw cannotConvert(layer.name, 'class_name', problem, hint);
}

function maskProblem(layer: Layer, { target, masked }: Pick<DialectPair, 'target' | 'masked'>): string | undefined {
  const { className, settings, calls } = layer;
  const { masksDifferIn = [], runsSteps, joinsMasks } = factsOf(className, settings);
  const mask = masked.get(layer);
  // A mask that it once met TensorFlow.js gives to every layer that it computes later: `kwargs` of `execute` in tfjs-layers 4.22.
  if (mask === undefined)
    return target === 'tfjs' && masked.size > 0 && runsSteps
      ? 'it is called without a mask (steps to skip), and TensorFlow.js would propagate that of another layer to it'
      : undefined;
  if (mask === 'some' && joinsMasks)
    return `some inputs of this ${className} have a mask (steps to skip) and others have none: each loader combines them in its own way`;
  // Measured with tf-keras 2.21 and Keras 3.15, built in each.
  if (runsSteps && calls.some(({ inputs }) => inputs.length > 1))
    return `this ${className} is given a mask (steps to skip) and an initial state: each loader handles the two differently`;
  return masksDifferIn.includes(target)
    ? `this ${className} is given a mask (steps to skip), which ${LOADER_NAMES[target]} handles differently`
    : undefined;
}
