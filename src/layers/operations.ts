import type { PlainObject } from '../json/json-value.js';
import { reluScaling } from './activation-layers.js';
import { axisOf, elementCount, isChannelsFirst, numberIn } from './config.js';
import { COMMUTES, type LayerFacts, type LayerRole, type Shape, sameShape } from './layer-facts.js';
import { concatenated } from './merges.js';
import { poolOperation, upsamplingSizes } from './poolings.js';
import { AXES, orNull } from './size-rules.js';

// One operation has a class in Keras 3 and, in Keras 2, the name of a TensorFlow function. Here it is known by its class.

/** Facts of one operation. */
interface OperationFacts extends Partial<Omit<LayerFacts, 'role'>> {
  readonly role: LayerRole | ((config: PlainObject) => LayerRole);
  /** Whether the output of TensorFlow's function has the size of the first map among its operands. */
  readonly isElementwise?: true;
}

interface OperationNames {
  /** The class in Keras 3, behind `keras.src.ops.` where Keras 2 has the same operation. */
  readonly keras3: string;
  /** The function's names. The first one is written. */
  readonly tensorflow: readonly string[];
  /** Settings of the operation, by their names in Keras 3, with TensorFlow's names. */
  readonly settings?: Readonly<Record<string, string>>;
}

interface Operation {
  readonly id: string;
  readonly facts: OperationFacts;
  /** Names of an operation that both Kerases have. */
  readonly names?: OperationNames;
}

/** Modules of Keras 3 whose classes are operations: nodes of a graph without weights, that are no layers. */
const MODULES: readonly string[] = ['keras.src.ops.', 'keras.src.activations.', 'keras.src.quantizers.'];

/** Tells whether a class is an operation. Its name here has the module: `Multiply` alone is the layer. */
export const isOperationClass = (className: string): boolean => MODULES.some((module) => className.startsWith(module));

/**
 * Returns the facts of an operation. Calls may bring constants along, which these facts do not see: check
 * `Call.hasArguments` before relying on `scaling`.
 */
export function operationFacts(className: string, config: PlainObject): LayerFacts {
  const { isElementwise: _, ...known } = BY_ID.get(shortName(className))?.facts ?? OTHER;
  const role = typeof known.role === 'function' ? known.role(config) : known.role;
  return { className, ...known, role, loads: ['keras3'], weights: () => [] };
}

/** Returns the facts of an operation whose settings are in its call, under Keras 3's names: its config is not used. */
export function calledFacts(className: string, settings: PlainObject) {
  const { role, outputShape, joinedAxis } = operationFacts(className, settings);
  return {
    role,
    outputShape: (_config: PlainObject, inputs: readonly (Shape | undefined)[]): Shape | undefined => {
      const shape = outputShape?.(settings, inputs);
      return shape?.every((size) => size === null || (Number.isSafeInteger(size) && size >= 0)) ? shape : undefined;
    },
    ...(joinedAxis === undefined ? {} : { joinedAxis: () => joinedAxis(settings) }),
  };
}

/**
 * The size of what an elementwise function of TensorFlow gives: where an operand is not known, it is taken for a factor or
 * a term of the first map.
 * @param hasNumbersAlone whether there are no operands besides but single numbers; others could stretch an axis of one
 */
export function elementwiseShape(
  id: string,
  inputs: readonly (Shape | undefined)[],
  hasNumbersAlone: boolean,
): Shape | undefined {
  const map = inputs.find((shape) => shape !== undefined && shape.length > 2) ?? inputs[0];
  const shape = operationFacts(id, {}).outputShape?.({}, inputs) ?? map;
  return hasNumbersAlone ? shape : shape?.map((size) => (size === 1 ? null : size));
}

/** The shape that numbers of these shapes broadcast to, aligned at the last axis as NumPy does. */
function broadcast(_config: PlainObject, inputs: readonly (Shape | undefined)[]): Shape | undefined {
  if (inputs.length === 0 || inputs.includes(undefined)) return undefined;
  const shapes = inputs as readonly Shape[];
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    const sizes = shapes.map((shape) => shape[axis - rank + shape.length] ?? (axis < rank - shape.length ? 1 : null));
    return sizes.find((size) => size !== null && size !== 1) ?? (sizes.includes(null) ? null : 1);
  });
}

const elementwise = (role: LayerRole, more: Partial<LayerFacts> = {}): OperationFacts => ({
  role,
  isElementwise: true,
  outputShape: broadcast,
  ...more,
});

const activation = (more: Partial<LayerFacts> = {}): OperationFacts => ({
  role: 'activation',
  isElementwise: true,
  outputShape: sameShape,
  ...more,
});

const rectifier = (more: Partial<LayerFacts> = {}): OperationFacts => activation({ isRectifier: () => true, ...more });

const commuting: Pick<LayerFacts, 'scaling'> = { scaling: () => COMMUTES };

const axesOf = (config: PlainObject): readonly number[] | undefined => {
  const { axis } = config;
  if (typeof axis === 'number') return [axis];
  return Array.isArray(axis) && axis.every((each) => typeof each === 'number')
    ? (axis as readonly number[])
    : undefined;
};

/** Two or three axes are those of a map; of one alone, the first behind the batch is taken to be one of places. */
const poolsPlaces = (config: PlainObject): boolean => {
  const axes = axesOf(config);
  return axes !== undefined && (axes.length > 1 || axes[0] === 1 || axes[0] === -2);
};

function reduced(config: PlainObject, [input]: readonly (Shape | undefined)[]): Shape | undefined {
  const axes = axesOf(config);
  if (input === undefined || axes === undefined) return undefined;
  const gone = axes.map((axis) => axisOf(axis, input.length));
  return input.flatMap((size, axis) => (gone.includes(axis) ? (config.keepdims === true ? [1] : []) : [size]));
}

const reduction = (more: Partial<LayerFacts> = {}): OperationFacts => ({
  role: (config) => (poolsPlaces(config) ? 'global-pool' : 'other'),
  outputShape: reduced,
  ...more,
});

function reshaped(config: PlainObject, [input]: readonly (Shape | undefined)[]): Shape | undefined {
  const target = config.newshape ?? config.new_shape ?? config.shape;
  if (!Array.isArray(target) || !target.every((size) => typeof size === 'number' || size === null)) return undefined;
  const sizes = target as Shape;
  const total = elementCount(input);
  const known = sizes.filter((size) => size !== null && size >= 0);
  const rest = total === null ? null : total / elementCount(known)!;
  return sizes.map((size) => (size !== null && size >= 0 ? size : rest));
}

function transposed(config: PlainObject, [input]: readonly (Shape | undefined)[]): Shape | undefined {
  const { axes } = config;
  if (input === undefined || !Array.isArray(axes)) return undefined;
  return axes.map((axis) => input[axisOf(axis, input.length) ?? -1] ?? null);
}

function padded(config: PlainObject, [input]: readonly (Shape | undefined)[]): Shape | undefined {
  const { pad_width: widths } = config;
  if (input === undefined || !Array.isArray(widths) || widths.length !== input.length) return undefined;
  return input.map((size, axis) => {
    const [before, after] = [widths[axis]].flat();
    return size === null || typeof before !== 'number' || typeof after !== 'number' ? null : before + size + after;
  });
}

/** One of as many equal parts; a list would be of places in Keras 3, and of sizes in TensorFlow. */
function part(config: PlainObject, [input]: readonly (Shape | undefined)[]): Shape | undefined {
  const sections = numberIn(config, 'indices_or_sections');
  const axis = input && axisOf(config.axis ?? 0, input.length);
  if (input === undefined || sections === undefined || axis === undefined) return undefined;
  return input.map((size, at) => (at === axis && size !== null ? size / sections : size));
}

function resized(config: PlainObject, [input]: readonly (Shape | undefined)[]): Shape | undefined {
  const { size } = config;
  if (input?.length !== 4 || !Array.isArray(size) || !size.every((each) => typeof each === 'number')) return undefined;
  const [height, width] = size as readonly number[];
  return isChannelsFirst(config) ? [input[0]!, input[1]!, height!, width!] : [input[0]!, height!, width!, input[3]!];
}

function squeezed(config: PlainObject, [input]: readonly (Shape | undefined)[]): Shape | undefined {
  const axes = axesOf(config);
  if (input === undefined || axes === undefined) return undefined;
  const gone = axes.map((axis) => axisOf(axis, input.length));
  return input.filter((_, axis) => !gone.includes(axis));
}

function expanded(config: PlainObject, [input]: readonly (Shape | undefined)[]): Shape | undefined {
  const axes = axesOf(config);
  if (input === undefined || axes === undefined) return undefined;
  const rank = input.length + axes.length;
  const added = axes.map((axis) => axisOf(axis, rank));
  const rest = [...input];
  return Array.from({ length: rank }, (_, axis) => (added.includes(axis) ? 1 : rest.shift()!));
}

const blockSize = (config: PlainObject): number => numberIn(config, 'block_size') ?? 2;

function spread(config: PlainObject, [input]: readonly (Shape | undefined)[]): Shape | undefined {
  if (input?.length !== 4) return undefined;
  const block = blockSize(config);
  const channels = isChannelsFirst(config) ? 1 : 3;
  return input.map((size, axis) => {
    if (axis === 0 || size === null) return size;
    return axis === channels ? size / block ** 2 : size * block;
  });
}

const moving = (outputShape: NonNullable<LayerFacts['outputShape']>): OperationFacts => ({
  role: 'reshape',
  outputShape,
  ...commuting,
});

/** Defines an operation of both Kerases, by its names. @param tensorflow the function's names, separated by spaces */
const both = (
  keras3: string,
  facts: OperationFacts,
  tensorflow: string,
  settings?: OperationNames['settings'],
): Operation => ({
  id: shortName(keras3),
  facts,
  names: { keras3, tensorflow: tensorflow.split(' '), ...(settings === undefined ? {} : { settings }) },
});

/** Defines an operation of Keras 3 alone, or under no name that is known to mean the same. */
const own = (id: string, facts: OperationFacts): Operation => ({ id, facts });

const shortName = (name: string): string => name.slice(name.lastIndexOf('.') + 1);

const OTHER: OperationFacts = { role: 'other' };
const UNARY = elementwise('other');
const LISTED: OperationFacts = { role: 'other', takesList: true };
const AXIS = { axis: 'axis' };
const REDUCED = { axis: 'axis', keepdims: 'keepdims' };
const PROBABILITIES = activation({ makesProbabilities: true });

/** By class name alone: the module of an operation changes from release to release. */
const OPERATIONS: readonly Operation[] = [
  both('numpy.Add', elementwise('add', commuting), '__operators__.add math.add add'),
  own('AddN', { ...elementwise('add'), takesList: true }),
  both('numpy.Subtract', elementwise('merge'), 'math.subtract subtract'),
  both('numpy.Multiply', elementwise('multiply'), 'math.multiply multiply'),
  both('numpy.TrueDivide', UNARY, 'math.truediv truediv'),
  both('numpy.Divide', UNARY, 'math.divide divide realdiv'),
  both('numpy.Maximum', elementwise('merge'), 'math.maximum maximum'),
  both('numpy.Minimum', elementwise('merge'), 'math.minimum minimum'),
  both('numpy.Power', UNARY, 'math.pow pow'),
  both('numpy.Negative', UNARY, 'math.negative negative'),
  both('numpy.Absolute', UNARY, 'math.abs abs'),
  both('numpy.Square', UNARY, 'math.square square'),
  both('numpy.Sqrt', UNARY, 'math.sqrt sqrt'),
  both('math.Rsqrt', { role: 'other', isElementwise: true }, 'math.rsqrt'),
  both('numpy.Reciprocal', UNARY, 'math.reciprocal'),
  both('numpy.Exp', UNARY, 'math.exp exp'),
  both('numpy.Log', UNARY, 'math.log'),
  both('core.Cast', UNARY, 'cast', { dtype: 'dtype' }),
  both('numpy.Clip', UNARY, 'clip_by_value', { x_min: 'clip_value_min', x_max: 'clip_value_max' }),
  both('numpy.Take', OTHER, 'gather compat.v1.gather', AXIS),
  both('numpy.Stack', LISTED, 'stack', AXIS),
  ...['Hstack', 'Vstack', 'Dstack'].map((id) => own(id, LISTED)),
  both('numpy.ExpandDims', moving(expanded), 'expand_dims', AXIS),
  both('numpy.Squeeze', moving(squeezed), 'squeeze compat.v1.squeeze', AXIS),
  both('numpy.Transpose', moving(transposed), 'transpose compat.v1.transpose', { axes: 'perm' }),
  both('numpy.Flip', OTHER, 'reverse', AXIS),
  both('numpy.GetItem', OTHER, '__operators__.getitem'),
  both(
    'numpy.Concatenate',
    {
      role: 'concatenate',
      takesList: true,
      sizes: { axis: orNull(AXES) },
      outputShape: concatenated,
      joinedAxis: ({ axis }) => axis ?? undefined,
      ...commuting,
    },
    'concat',
    AXIS,
  ),
  both('numpy.Mean', reduction(commuting), 'math.reduce_mean reduce_mean', REDUCED),
  both('numpy.Max', reduction(commuting), 'math.reduce_max reduce_max', REDUCED),
  own('Amax', reduction(commuting)),
  both('numpy.Min', OTHER, 'math.reduce_min reduce_min', REDUCED),
  both('numpy.Sum', { role: 'other', outputShape: reduced }, 'math.reduce_sum reduce_sum', REDUCED),
  both('numpy.Pad', { role: 'other', outputShape: padded }, 'compat.v1.pad pad', {
    pad_width: 'paddings',
    mode: 'mode',
    constant_values: 'constant_values',
  }),
  both('numpy.Split', { role: 'other', outputShape: part }, 'split', {
    indices_or_sections: 'num_or_size_splits',
    axis: 'axis',
  }),
  both('numpy.Reshape', moving(reshaped), 'reshape', { newshape: 'shape' }),
  both('nn.Relu', rectifier(commuting), 'nn.relu'),
  // keras.activations.relu with a slope or a ceiling; the layer of this name says the same things.
  own('ReLU', rectifier({ scaling: reluScaling })),
  both('nn.LeakyRelu', rectifier(commuting), 'nn.leaky_relu'),
  both('nn.Relu6', rectifier(), 'nn.relu6'),
  both('nn.Silu', rectifier(), 'nn.silu nn.swish'),
  both('nn.Elu', rectifier(), 'nn.elu'),
  both('nn.Selu', rectifier(), 'nn.selu'),
  both('nn.Gelu', rectifier(), 'nn.gelu'),
  ...['HardSilu', 'Celu', 'Mish'].map((id) => own(id, rectifier())),
  both('nn.Softplus', activation(), 'nn.softplus math.softplus'),
  both('nn.Softsign', activation(), 'nn.softsign'),
  both('nn.LogSoftmax', activation(), 'nn.log_softmax'),
  both('numpy.Tanh', activation(), 'math.tanh nn.tanh tanh'),
  ...['LogSigmoid', 'HardTanh'].map((id) => own(id, activation())),
  both('nn.Sigmoid', PROBABILITIES, 'nn.sigmoid math.sigmoid sigmoid'),
  both('nn.Softmax', PROBABILITIES, 'nn.softmax'),
  own('HardSigmoid', PROBABILITIES),
  own('AveragePool', poolOperation()),
  own('MaxPool', poolOperation()),
  own('DepthToSpace', {
    role: 'upsampling',
    sizes: upsamplingSizes(),
    outputShape: spread,
    resolution: (config) => [1 / blockSize(config), 1 / blockSize(config)],
    ...commuting,
  }),
  both('image.Resize', { role: 'upsampling', sizes: upsamplingSizes(), outputShape: resized }, 'image.resize', {
    size: 'size',
    interpolation: 'method',
    antialias: 'antialias',
  }),
];

const BY_ID: ReadonlyMap<string, Operation> = new Map(OPERATIONS.map((each) => [each.id, each]));

const BY_FUNCTION: ReadonlyMap<string, string> = new Map(
  OPERATIONS.flatMap(({ id, names }) => names?.tensorflow.map((name) => [name, id] as const) ?? []),
);

/** The operation that a TensorFlow function is; undefined for one that is not in the table. */
export const functionId = (name: string): string | undefined => BY_FUNCTION.get(name);

/** An operation's name here: that of its class in Keras 3 without the module, from the class or from TensorFlow's function. */
export const operationName = (classOrFunction: string): string =>
  functionId(classOrFunction) ?? shortName(classOrFunction);

/** Tells whether the output of TensorFlow's function of this name has the size of the first map among its operands. */
export const isElementwise = (id: string): boolean => BY_ID.get(shortName(id))?.facts.isElementwise === true;

/** Returns an operation's names in both Kerases, by its name here; undefined where one of them has no equivalent. */
export function namesInBoth(id: string) {
  const known = BY_ID.get(id)?.names;
  return (
    known && { keras3: `keras.src.ops.${known.keras3}`, tensorflow: known.tensorflow[0]!, settings: known.settings }
  );
}
