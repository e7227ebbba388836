import type { PlainObject } from '../json/json-value.js';
import { ALL, KERAS, type Loader } from './layer-facts.js';

interface ActivationFacts {
  /** f(2x) = 2 f(x) for every x. */
  readonly commutes?: true;
  /** The identity: no non-linearity at all. */
  readonly linear?: true;
  /** What turns logits into probabilities. */
  readonly probability?: true;
  readonly loads: readonly Loader[];
}

/** The activation functions by the names that configs give them. */
const ACTIVATIONS: ReadonlyMap<string, ActivationFacts> = new Map<string, ActivationFacts>([
  ['linear', { commutes: true, linear: true, loads: ALL }],
  ['relu', { commutes: true, loads: ALL }],
  ['leaky_relu', { commutes: true, loads: KERAS }],
  ['relu6', { loads: ALL }],
  ['elu', { loads: ALL }],
  ['selu', { loads: ALL }],
  ['gelu', { loads: ALL }],
  ['gelu_new', { loads: ['tfjs'] }],
  ['mish', { loads: ALL }],
  ['swish', { loads: ALL }],
  ['silu', { loads: KERAS }],
  ['hard_silu', { loads: ['keras3'] }],
  ['hard_swish', { loads: ['keras3'] }],
  ['softplus', { loads: ALL }],
  ['softsign', { loads: ALL }],
  ['tanh', { loads: ALL }],
  ['exponential', { loads: KERAS }],
  ['log_softmax', { loads: ALL }],
  ['sigmoid', { probability: true, loads: ALL }],
  ['hard_sigmoid', { probability: true, loads: ALL }],
  ['softmax', { probability: true, loads: ALL }],
]);

const findActivation = (name: string) => ACTIVATIONS.get(name);

/** The name of the function in a config's `activation`; undefined where there is none or where it is a custom one. */
export function activationName(config: PlainObject): string | undefined {
  const value = config.activation;
  if (value === undefined || value === null) return 'linear';
  return typeof value === 'string' ? value : undefined;
}

/** Whether a positive factor passes through the config's activation. Unknown functions: no. */
export function activationCommutes(config: PlainObject): boolean {
  const name = activationName(config);
  return name !== undefined && findActivation(name)?.commutes === true;
}

/** Whether the config's activation does something. Unknown functions: yes. */
export function isNonLinear(config: PlainObject): boolean {
  const name = activationName(config);
  return name === undefined || findActivation(name)?.linear !== true;
}

/** Softmax and sigmoid: what stands behind the layer that makes the logits. */
export function isProbability(config: PlainObject): boolean {
  const name = activationName(config);
  return name !== undefined && findActivation(name)?.probability === true;
}

/** Who has a function of this name; undefined for a name that is not known here. */
export const activationLoads = (name: string): readonly Loader[] | undefined => findActivation(name)?.loads;
