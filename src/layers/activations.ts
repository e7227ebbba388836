import { isPlainObject, type Plain, type PlainObject } from '../json/json-value.js';
import { ALL, KERAS, type Loader } from './layer-facts.js';

interface ActivationFacts {
  /** f(2x) = 2 f(x) for every x. */
  readonly commutes?: true;
  /** The identity: no non-linearity at all. */
  readonly linear?: true;
  /** Function that turns logits into probabilities: softmax, sigmoid. */
  readonly probability?: true;
  /** ReLU and its kin, near zero below and open above: they make features, where other activations shape a result. */
  readonly rectifier?: true;
  readonly loads: readonly Loader[];
  /** The name of the same function that every loader has. */
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
  ['celu', { rectifier: true, loads: ['keras3'] }],
  ['squareplus', { rectifier: true, loads: ['keras3'] }],
  ...[
    'sparse_plus',
    'hard_tanh',
    'tanh_shrink',
    'soft_shrink',
    'hard_shrink',
    'log_sigmoid',
    'threshold',
    'sparsemax',
  ].map((name) => [name, { loads: ['keras3'] }] as const),
  ['sparse_sigmoid', { loads: ['keras3'] }],
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

/** Value of a field such as `activation`. */
export type Activation =
  | { readonly kind: 'none' }
  | { readonly kind: 'function'; readonly name: string }
  /**
   * A built-in function that is written as an object: `{module, class_name: "function", config: "relu"}` in Keras,
   * `{class_name: "relu", config: {}}` in TensorFlow.js.
   */
  | { readonly kind: 'object'; readonly name: string; readonly isFound: Readonly<Record<Loader, boolean>> }
  /** A layer that is called as a function: `{class_name: "LeakyReLU", config}`. */
  | { readonly kind: 'layer'; readonly className: string; readonly config: PlainObject; readonly hasModule: boolean }
  | { readonly kind: 'custom' };

/**
 * Reads the value of a field such as `activation`.
 * Source: `get` in keras 3.15 and tf-keras 2.21 (src/activations), `getActivation` in tfjs-layers 4.22 (src/activations.ts).
 */
export function readActivation(value: Plain | undefined): Activation {
  if (value === undefined || value === null) return { kind: 'none' };
  if (typeof value === 'string') return { kind: 'function', name: value };
  if (!isPlainObject(value) || typeof value.class_name !== 'string') return { kind: 'custom' };
  const { class_name: className, config, module } = value;
  if (className === 'function') return readFunction(config, module, value.registered_name);
  if (!isPlainObject(config)) return { kind: 'custom' };
  return ACTIVATIONS.has(className)
    ? { kind: 'object', name: className, isFound: { tfjs: true, keras2: false, keras3: false } }
    : { kind: 'layer', className, config, hasModule: typeof module === 'string' };
}

/** Reads a built-in function that is written as an object, and where each Keras finds it. */
function readFunction(name: Plain | undefined, module: Plain | undefined, registered: Plain | undefined): Activation {
  const isPublic = module === 'keras.activations';
  if (typeof name !== 'string' || !(module === 'builtins' || isPublic)) return { kind: 'custom' };
  return { kind: 'object', name, isFound: { tfjs: false, keras2: !isPublic || registered === name, keras3: true } };
}

/** The name of the function in a config's `activation`; undefined where it is a custom one, or a layer. */
export function activationName({ activation }: PlainObject): string | undefined {
  const read = readActivation(activation);
  if (read.kind === 'none') return 'linear';
  return read.kind === 'function' || read.kind === 'object' ? read.name : undefined;
}

/** Tells whether a positive factor passes through the config's activation. Unknown functions: no. */
export function activationCommutes(config: PlainObject): boolean {
  const name = activationName(config);
  return name !== undefined && findActivation(name)?.commutes === true;
}

/** Tells whether the config's activation does something. Unknown functions: yes. */
export function isNonLinear(config: PlainObject): boolean {
  const name = activationName(config);
  return name === undefined || findActivation(name)?.linear !== true;
}

/** Tells whether a config ends in softmax or sigmoid, which follow the layer that makes the logits. */
export function isProbability(config: PlainObject): boolean {
  const name = activationName(config);
  return name !== undefined && findActivation(name)?.probability === true;
}

/** Tells whether the config's activation is ReLU or one of its kin. Unknown functions: no. */
export function isRectifier(config: PlainObject): boolean {
  const name = activationName(config);
  return name !== undefined && findActivation(name)?.rectifier === true;
}

/** Lists the loaders that have a function of this name; undefined for a name that is not known here. */
export const activationLoads = (name: string): readonly Loader[] | undefined => findActivation(name)?.loads;

/**
 * Returns why a loader refuses an activation; undefined where it takes it. A layer as activation is judged as a layer.
 * @param isLegacy whether the config stands in a legacy `.h5`
 */
export function activationProblem(activation: Activation, loader: Loader, isLegacy: boolean): string | undefined {
  if (activation.kind === 'none' || activation.kind === 'layer') return undefined;
  if (activation.kind === 'custom') return 'is a function of its own';
  const { name } = activation;
  const known = findActivation(name);
  const loads = known?.loads.includes(loader);
  if (activation.kind === 'function') return loads ? undefined : `is "${name}", a function it does not have`;
  if (known === undefined) return `is "${name}", a function of its own`;
  // Keras 2 has `silu` as a name alone, and reads no objects in legacy files.
  const isRead = !(loader === 'keras2' && (isLegacy || known.alias !== undefined));
  const takesObjects = isRead && activation.isFound[loader];
  return loads && takesObjects ? undefined : `is "${name}" as an object, which it does not read`;
}

/** A layer of a composition: class and settings. It reads the layer before it, `product` the first input as well. */
export interface ActivationStep {
  readonly className: string;
  readonly settings: PlainObject;
  readonly product?: true;
}

/** A function as a loader can express it: by a name it has, or as layers that compute it. */
export type ActivationWords = { readonly name: string } | { readonly steps: readonly ActivationStep[] };

const rescaling = (scale: number, offset: number): ActivationStep => ({
  className: 'Rescaling',
  settings: { scale, offset },
});
const clipped = (ceiling: number): ActivationStep => ({ className: 'ReLU', settings: { max_value: ceiling } });

// hard_sigmoid is clip(0.2 x + 0.5) in Keras 2 and TensorFlow.js, and relu6(x + 3) / 6 in Keras 3.
const OLD_HARD_SIGMOID: readonly ActivationStep[] = [rescaling(0.2, 0.5), clipped(1)];
const NEW_HARD_SIGMOID: readonly ActivationStep[] = [rescaling(1, 3), clipped(6), rescaling(1 / 6, 0)];

/** The slope of the function `leaky_relu` in both Kerases; the layer's default is another one. */
export const LEAKY_SLOPE = 0.2;

/**
 * Translates a function for another loader; undefined where that has nothing that computes the same.
 * @param source loader whose function it is: `hard_sigmoid` differs between them
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
  if (name === 'leaky_relu') return { steps: [{ className: 'LeakyReLU', settings: { alpha: LEAKY_SLOPE } }] };
  return undefined;
}
