import { isPlainObject, type PlainObject } from '../json/json-value.js';
import { ACTIVATION_LAYERS, DROPOUTS } from './activation-layers.js';
import { ATTENTIONS } from './attentions.js';
import { CONVOLUTIONS } from './convolutions.js';
import { DENSE } from './dense.js';
import { isQuantized } from './dtype-policy.js';
import { isMerge, type LayerFacts, passesMask } from './layer-facts.js';
import { MERGES } from './merges.js';
import { NORMALIZATIONS } from './normalizations.js';
import { isOperationClass, operationFacts } from './operations/known-operations.js';
import { isNodeLayer, nodeFacts } from './operations/tensorflow-nodes.js';
import { tensorflowFacts } from './operations/tensorflow-operations.js';
import { OTHER_LAYERS } from './other-layers.js';
import { POOLINGS, RESIZINGS } from './poolings.js';
import { RECURRENT } from './recurrent.js';
import { RESHAPES } from './reshapes.js';
import { wrappers } from './wrappers.js';

const KNOWN_LAYERS: ReadonlyMap<string, LayerFacts> = new Map(
  [
    ...CONVOLUTIONS,
    ...DENSE,
    ...NORMALIZATIONS,
    ...ACTIVATION_LAYERS,
    ...DROPOUTS,
    ...POOLINGS,
    ...RESIZINGS,
    ...MERGES,
    ...RESHAPES,
    ...RECURRENT,
    ...ATTENTIONS,
    ...wrappers(factsOf),
    ...OTHER_LAYERS,
  ].map((facts) => [facts.className, facts]),
);

const BY_PYTHON: ReadonlyMap<string, string> = new Map(
  [...KNOWN_LAYERS.values()].flatMap(({ pythonName, className }) =>
    pythonName === undefined ? [] : [[pythonName, className]],
  ),
);

/** Returns the name of a class that is called by its name in Python. */
export const classOfPython = (name: string): string => BY_PYTHON.get(name) ?? name;

/** Facts of a class that is not in the table: it is carried, and nothing is assumed of it. */
const unknownLayer = (className: string): LayerFacts => ({ className, role: 'other', loads: [], masking: passesMask });

/** Tells whether the class is one that Keras or TensorFlow.js ship; anything else is custom code. */
export const isKnownLayer = (className: string): boolean =>
  isOperationClass(className) || (KNOWN_LAYERS.get(className)?.loads.length ?? 0) > 0;

/** Tells whether the class is that of a model's inputs. */
export const isInput = (className: string | undefined): boolean =>
  className !== undefined && KNOWN_LAYERS.get(className)?.role === 'input';

/** Tells whether something is assumed of layers of this class. */
export const hasFacts = (className: string): boolean => KNOWN_LAYERS.has(className);

/**
 * Tells whether a layer may hold layers its config does not show: custom ones, and wrappers of models or convolutions.
 */
export function isClosedLayer(className: string, config: PlainObject): boolean {
  if (!isKnownLayer(className) || factsOf(className, {}).runsCode !== undefined) return true;
  const { layer } = config;
  if (!isPlainObject(layer) || typeof layer.class_name !== 'string' || !isPlainObject(layer.config)) return false;
  const isModel = layer.config.layers !== undefined;
  return (
    isModel ||
    factsOf(layer.class_name, layer.config).role === 'convolution' ||
    isClosedLayer(layer.class_name, layer.config)
  );
}

/** Keras 3 packs the numbers of a quantised layer, and keeps those of LoRA beside the kernel, in some of its formats. */
export const keepsOtherWeights = (config: PlainObject): boolean =>
  isQuantized(config) || (config.lora_rank !== undefined && config.lora_rank !== null);

/** Facts of a layer whose weights are carried unchanged. */
const carried = ({ weights: _, scaling: __, inputClue: ___, ...facts }: LayerFacts): LayerFacts => facts;

/**
 * The facts of a layer: by its class, for operations by their class, for op layers by the function the config names.
 * @param call the constants that an op layer is called with, where its only call has no others than these
 */
export function factsOf(className: string, config: PlainObject, call?: PlainObject): LayerFacts {
  if (isOperationClass(className)) return operationFacts(className, config);
  const facts = KNOWN_LAYERS.get(className) ?? unknownLayer(className);
  if (facts.weights !== undefined && keepsOtherWeights(config)) return carried(facts);
  if (isNodeLayer(className)) return nodeFacts(config, facts);
  return className === 'TFOpLambda' ? tensorflowFacts(className, config, facts, call) : facts;
}

/** Counts the tensors that a call of a layer returns; undefined where the call decides, or where it is not known. */
export function outputCount(className: string): number | undefined {
  // A structure goes through Identity as it is.
  const role = className === 'Identity' ? undefined : KNOWN_LAYERS.get(className)?.role;
  return role === undefined || role === 'other' ? undefined : 1;
}

/**
 * Tells whether a layer is called with one list of tensors rather than with a tensor an argument: merging layers
 * always, operations almost never, other layers and models where they have several inputs.
 */
export function takesTensorList(className: string, tensors: number, isOperation: boolean): boolean {
  if (isOperation) return operationFacts(className, {}).takesList === true;
  const { role, takesList } = factsOf(className, {});
  return takesList ?? (isMerge(role) || tensors > 1);
}
