import type { PlainObject } from '../../json/json-value.js';
import type { LayerFacts, Shape } from '../layer-facts.js';
import { ACTIVATION_OPERATIONS } from './activation-operations.js';
import { ARITHMETIC } from './arithmetic.js';
import { type OperationFacts, OTHER, type SettingKind } from './operation-facts.js';
import { axesOf } from './operation-shapes.js';
import { REARRANGEMENTS } from './rearrangements.js';
import { REDUCTIONS } from './reductions.js';

// One operation has a class in Keras 3 and, in Keras 2, the name of a TensorFlow function. Here it is known by its class.

/** A setting of an operation, with its names in Keras 3 and in TensorFlow. */
interface Setting {
  readonly kind: SettingKind;
  readonly keras3: string;
  readonly tensorflow: string;
}

/** An operation as it is found. */
export interface Operation extends Omit<OperationFacts, 'functions' | 'settings'> {
  /** Its name here: that of its class in Keras 3, without the module. */
  readonly id: string;
  /** The class in Keras 3, where Keras 2 has the same operation. */
  readonly keras3: string | undefined;
  /** TensorFlow's functions. The first one is written. */
  readonly functions: readonly string[];
  readonly settings: readonly Setting[];
}

/** Modules of Keras 3 whose classes are operations: nodes of a graph without weights, that are no layers. */
const MODULES: readonly string[] = ['keras.src.ops.', 'keras.src.activations.', 'keras.src.quantizers.'];

/** Tells whether a class is an operation. Its name here has the module: `Multiply` alone is the layer. */
export const isOperationClass = (className: string): boolean => MODULES.some((module) => className.startsWith(module));

/** An operation's name here: that of its class in Keras 3 without the module, which changes from release to release. */
export const operationName = (className: string): string => className.slice(className.lastIndexOf('.') + 1);

const OPERATIONS: readonly Operation[] = Object.entries({
  ...ARITHMETIC,
  ...ACTIVATION_OPERATIONS,
  ...REDUCTIONS,
  ...REARRANGEMENTS,
}).map(([name, { functions, settings = {}, ...facts }]) => ({
  ...facts,
  id: operationName(name),
  keras3: name.includes('.') ? `keras.src.ops.${name}` : undefined,
  functions: functions?.split(' ') ?? [],
  settings: Object.entries(settings).map(([setting, said]) => {
    const [kind, tensorflow = setting] = typeof said === 'string' ? [said] : said;
    return { kind, keras3: setting, tensorflow };
  }),
}));

const BY_ID: ReadonlyMap<string, Operation> = new Map(OPERATIONS.map((each) => [each.id, each]));

const BY_FUNCTION: ReadonlyMap<string, string> = new Map(
  OPERATIONS.flatMap(({ id, functions }) => functions.map((name) => [name, id] as const)),
);

const BY_NODE: ReadonlyMap<string, string> = new Map(
  OPERATIONS.flatMap(({ id, node }) => (node === undefined ? [] : [[node, id] as const])),
);

/** Finds what is known of an operation, by its name here or by its class. */
export const findOperation = (id: string): Operation | undefined => BY_ID.get(operationName(id));

/** The operation that a function of TensorFlow is; the function's name where no operation is known to be it. */
export const operationOfFunction = (name: string): string => BY_FUNCTION.get(name) ?? name;

/** The operation that a node of TensorFlow's graph is; the name of its kind where no operation is known to be it. */
export const operationOfNode = (kind: string): string => BY_NODE.get(kind) ?? kind;

/** Two or three axes are those of a map; of one alone, the first behind the batch is taken to be one of places. */
const arePlaces = (axes: readonly number[] = []): boolean => axes.length > 1 || axes[0] === 1 || axes[0] === -2;

/**
 * Returns the facts of an operation. Calls may bring constants along, which these facts do not see: check
 * `Call.hasArguments` before relying on `scaling`.
 */
export function operationFacts(className: string, config: PlainObject): LayerFacts {
  const known = findOperation(className) ?? OTHER;
  const role = known.poolsPlaces && arePlaces(axesOf(config)) ? 'global-pool' : known.role;
  return { className, ...known, role, loads: ['keras3'], weights: () => [] };
}

/** Returns the facts of an operation whose settings are in its call, under Keras 3's names: its config is not used. */
export function calledFacts(className: string, settings: PlainObject) {
  const { role, outputShape, joinedAxis, resolution } = operationFacts(className, settings);
  return {
    role,
    outputShape: (_config: PlainObject, inputs: readonly (Shape | undefined)[]): Shape | undefined => {
      const shape = outputShape?.(settings, inputs);
      return shape?.every((size) => size === null || (Number.isSafeInteger(size) && size >= 0)) ? shape : undefined;
    },
    ...(joinedAxis === undefined ? {} : { joinedAxis: () => joinedAxis(settings) }),
    ...(resolution === undefined ? {} : { resolution: () => resolution(settings) }),
  };
}

/**
 * The size of what an elementwise function of TensorFlow gives: where an operand is not known, it is taken for a factor or
 * a term of the first map.
 * @param hasNumbersAlone whether there are no operands besides but single numbers; others could stretch an axis of one
 */
export function elementwiseShape(
  { outputShape }: Operation,
  inputs: readonly (Shape | undefined)[],
  hasNumbersAlone: boolean,
): Shape | undefined {
  const map = inputs.find((shape) => shape !== undefined && shape.length > 2) ?? inputs[0];
  const shape = outputShape?.({}, inputs) ?? map;
  return hasNumbersAlone ? shape : shape?.map((size) => (size === 1 ? null : size));
}
