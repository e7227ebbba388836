import type { PlainObject } from '../json/json-value.js';
import { COMMUTES, type LayerFacts, type LayerRole } from './layer-facts.js';

/**
 * TensorFlow functions that Keras 2 records as `TFOpLambda` layers, by the function's name. Only the part they play is
 * known; their sizes depend on call arguments, and a factor crosses none but the plain ReLU and the identity.
 */
const FUNCTIONS: ReadonlyMap<string, LayerRole> = new Map<string, LayerRole>([
  ['__operators__.add', 'add'],
  ['math.add', 'add'],
  ['add', 'add'],
  ['concat', 'concatenate'],
  ['math.multiply', 'multiply'],
  ['multiply', 'multiply'],
  ['math.reduce_mean', 'global-pool'],
  ['math.reduce_max', 'global-pool'],
  ['nn.relu', 'activation'],
  ['nn.relu6', 'activation'],
  ['nn.sigmoid', 'activation'],
  ['nn.silu', 'activation'],
  ['nn.swish', 'activation'],
  ['nn.gelu', 'activation'],
  ['nn.softmax', 'activation'],
  ['math.sigmoid', 'activation'],
  ['math.tanh', 'activation'],
  ['reshape', 'reshape'],
  ['image.resize', 'upsampling'],
]);

const PROBABILITIES: readonly string[] = ['nn.sigmoid', 'math.sigmoid', 'nn.softmax'];

// Results have the first operand's size where the operand is a feature map and the rest are factors or terms.
const ELEMENTWISE: readonly LayerRole[] = ['add', 'multiply', 'activation'];

/** The facts of one `TFOpLambda`, from the function its config names. */
export function tensorflowFacts(className: string, config: PlainObject, base: LayerFacts): LayerFacts {
  const name = typeof config.function === 'string' ? config.function : '';
  const role = FUNCTIONS.get(name);
  if (role === undefined) return base;
  return {
    ...base,
    className,
    role,
    weights: () => [],
    ...(ELEMENTWISE.includes(role)
      ? {
          outputShape: (_config, inputs) =>
            inputs.find((shape) => shape !== undefined && shape.length > 2) ?? inputs[0],
        }
      : {}),
    ...(PROBABILITIES.includes(name) ? { makesProbabilities: true } : {}),
    ...(name === 'nn.relu' ? { scaling: () => COMMUTES } : {}),
  };
}
