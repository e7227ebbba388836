import type { PlainObject } from '../json/json-value.js';
import { reluScaling } from './activation-layers.js';
import { COMMUTES, type LayerFacts, type LayerRole, type Shape, sameShape } from './layer-facts.js';
import { concatenated } from './merges.js';
import {
  axesOf,
  blockSize,
  broadcast,
  expanded,
  multiplied,
  padded,
  part,
  reduced,
  reordered,
  reshaped,
  resized,
  spread,
  squeezed,
  tiled,
  transposed,
} from './operation-shapes.js';
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
  id: string,
  inputs: readonly (Shape | undefined)[],
  hasNumbersAlone: boolean,
): Shape | undefined {
  const map = inputs.find((shape) => shape !== undefined && shape.length > 2) ?? inputs[0];
  const shape = operationFacts(id, {}).outputShape?.({}, inputs) ?? map;
  return hasNumbersAlone ? shape : shape?.map((size) => (size === 1 ? null : size));
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

/** Two or three axes are those of a map; of one alone, the first behind the batch is taken to be one of places. */
const poolsPlaces = (config: PlainObject): boolean => {
  const axes = axesOf(config);
  return axes !== undefined && (axes.length > 1 || axes[0] === 1 || axes[0] === -2);
};

const reduction = (more: Partial<LayerFacts> = {}): OperationFacts => ({
  role: (config) => (poolsPlaces(config) ? 'global-pool' : 'other'),
  outputShape: reduced,
  ...more,
});

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
const REDUCTION: OperationFacts = { role: 'other', outputShape: reduced };
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
  both('numpy.Log1p', UNARY, 'math.log1p'),
  both('numpy.Expm1', UNARY, 'math.expm1'),
  both('numpy.Sin', UNARY, 'math.sin sin'),
  both('numpy.Cos', UNARY, 'math.cos cos'),
  both('numpy.Floor', UNARY, 'math.floor floor'),
  both('numpy.Ceil', UNARY, 'math.ceil'),
  both('numpy.Round', UNARY, 'math.round round'),
  both('numpy.Sign', UNARY, 'math.sign sign'),
  both('math.Erf', UNARY, 'math.erf'),
  both('core.Cast', UNARY, 'cast', { dtype: 'dtype' }),
  both('numpy.Clip', UNARY, 'clip_by_value', { x_min: 'clip_value_min', x_max: 'clip_value_max' }),
  both('numpy.Take', OTHER, 'gather compat.v1.gather', AXIS),
  both('numpy.Stack', LISTED, 'stack', AXIS),
  ...['Hstack', 'Vstack', 'Dstack'].map((id) => own(id, LISTED)),
  both('numpy.ExpandDims', moving(expanded), 'expand_dims', AXIS),
  both('numpy.Squeeze', moving(squeezed), 'squeeze compat.v1.squeeze', AXIS),
  both('numpy.Transpose', moving(transposed), 'transpose compat.v1.transpose', { axes: 'perm' }),
  own('Swapaxes', moving(reordered('Swapaxes'))),
  own('Moveaxis', moving(reordered('Moveaxis'))),
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
  both('numpy.Sum', REDUCTION, 'math.reduce_sum reduce_sum', REDUCED),
  both('numpy.Prod', REDUCTION, 'math.reduce_prod reduce_prod', REDUCED),
  both('numpy.Var', REDUCTION, 'math.reduce_variance', REDUCED),
  both('numpy.Std', REDUCTION, 'math.reduce_std', REDUCED),
  both('numpy.Pad', { role: 'other', outputShape: padded }, 'compat.v1.pad pad', {
    pad_width: 'paddings',
    mode: 'mode',
    constant_values: 'constant_values',
  }),
  both('numpy.Split', { role: 'other', outputShape: part }, 'split', {
    indices_or_sections: 'num_or_size_splits',
    axis: 'axis',
  }),
  both('numpy.Tile', { role: 'other', outputShape: tiled }, 'tile', { repeats: 'multiples' }),
  both('numpy.Matmul', { role: 'other', outputShape: multiplied }, 'linalg.matmul matmul'),
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
  both(
    'nn.DepthToSpace',
    {
      role: 'upsampling',
      sizes: upsamplingSizes(),
      outputShape: spread,
      resolution: (config) => [1 / blockSize(config), 1 / blockSize(config)],
      ...commuting,
    },
    'nn.depth_to_space',
    { block_size: 'block_size', data_format: 'data_format' },
  ),
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
