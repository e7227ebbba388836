import type { PlainObject } from '../json/json-value.js';
import { ALL, KERAS, type Loader } from './layer-facts.js';

interface ActivationFacts {
  /** f(2x) = 2 f(x) for every x. */
  readonly commutes?: true;
  /** The identity: no non-linearity at all. */
  readonly linear?: true;
  /** What turns logits into probabilities. */
  readonly probability?: true;
  /** ReLU and its kin, near zero below and open above: what makes features, where others shape a result. */
  readonly rectifier?: true;
  readonly loads: readonly Loader[];
  /** The same function by a name that everybody has. */
  readonly alias?: string;
}

/** The activation functions by the names that configs give them. */
const ACTIVATIONS: ReadonlyMap<string, ActivationFacts> = new Map<string, ActivationFacts>([
  ['linear', { commutes: true, linear: true, loads: ALL }],
  ['relu', { commutes: true, rectifier: true, loads: ALL }],
  ['leaky_relu', { commutes: true, rectifier: true, loads: KERAS }],
  ['relu6', { rectifier: true, loads: ALL }],
  ['elu', { rectifier: true, loads: ALL }],
  ['selu', { rectifier: true, loads: ALL }],
  ['gelu', { rectifier: true, loads: ALL }],
  ['gelu_new', { rectifier: true, loads: ['tfjs'] }],
  ['mish', { rectifier: true, loads: ALL }],
  ['swish', { rectifier: true, loads: ALL }],
  ['silu', { rectifier: true, loads: KERAS, alias: 'swish' }],
  ['hard_silu', { rectifier: true, loads: ['keras3'] }],
  ['hard_swish', { rectifier: true, loads: ['keras3'] }],
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

/** Whether the config's activation is ReLU or one of its kin. Unknown functions: no. */
export function isRectifier(config: PlainObject): boolean {
  const name = activationName(config);
  return name !== undefined && findActivation(name)?.rectifier === true;
}

/** Who has a function of this name; undefined for a name that is not known here. */
export const activationLoads = (name: string): readonly Loader[] | undefined => findActivation(name)?.loads;

/** A layer of a composition: class and settings. It reads the layer before it, `product` the first input as well. */
export interface ActivationStep {
  readonly className: string;
  readonly settings: PlainObject;
  readonly product?: true;
}

/** How a function is said to a loader: by a name it has, or as layers that compute it. */
export type ActivationWords = { readonly name: string } | { readonly steps: readonly ActivationStep[] };

const rescaling = (scale: number, offset: number): ActivationStep => ({
  className: 'Rescaling',
  settings: { scale, offset },
});
const clipped = (ceiling: number): ActivationStep => ({ className: 'ReLU', settings: { max_value: ceiling } });

// hard_sigmoid is clip(0.2 x + 0.5) in Keras 2 and TensorFlow.js, and relu6(x + 3) / 6 in Keras 3.
const OLD_HARD_SIGMOID: readonly ActivationStep[] = [rescaling(0.2, 0.5), clipped(1)];
const NEW_HARD_SIGMOID: readonly ActivationStep[] = [rescaling(1, 3), clipped(6), rescaling(1 / 6, 0)];

/**
 * A function of one loader in the words of another; undefined where the other has nothing that computes the same.
 * @param source whose function it is: `hard_sigmoid` is not the same one everywhere
 */
export function translateActivation(
  name: string,
  source: 'keras2' | 'keras3',
  target: Loader,
): ActivationWords | undefined {
  const isSame = source === 'keras3' ? target === 'keras3' : target !== 'keras3';
  if (name === 'hard_sigmoid' && !isSame) return { steps: source === 'keras3' ? NEW_HARD_SIGMOID : OLD_HARD_SIGMOID };
  const facts = findActivation(name);
  if (facts === undefined) return undefined;
  if (facts.loads.includes(target)) return { name };
  if (facts.alias !== undefined) return { name: facts.alias };
  if (name === 'hard_silu' || name === 'hard_swish') {
    return { steps: [...NEW_HARD_SIGMOID, { className: 'Multiply', settings: {}, product: true }] };
  }
  // The function's slope is 0.2 in both Kerases; the layer's default is another one.
  if (name === 'leaky_relu') return { steps: [{ className: 'LeakyReLU', settings: { alpha: 0.2 } }] };
  return undefined;
}
