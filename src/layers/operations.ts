import type { PlainObject } from '../json/json-value.js';
import { reluScaling } from './activation-layers.js';
import { axisOf, elementCount, isChannelsFirst, numberIn } from './config.js';
import { COMMUTES, type LayerFacts, type LayerRole, type Shape, sameShape } from './layer-facts.js';
import { concatenated } from './merges.js';
import { poolOperation } from './poolings.js';

/** What is known of one Keras 3 operation besides its name. */
interface OperationFacts extends Partial<Omit<LayerFacts, 'role'>> {
  readonly role: LayerRole | ((config: PlainObject) => LayerRole);
}

/** Modules of Keras 3 whose classes are operations: nodes of a graph without weights, that are no layers. */
const MODULES: readonly string[] = ['keras.src.ops.', 'keras.src.activations.', 'keras.src.quantizers.'];

/** Whether a class is an operation. Its name here has the module: `Multiply` alone is the layer. */
export const isOperationClass = (className: string): boolean => MODULES.some((module) => className.startsWith(module));

/**
 * The facts of an operation. Calls may bring constants along, which these facts do not see: whoever relies on `scaling`
 * looks at `Call.hasArguments` first.
 */
export function operationFacts(className: string, config: PlainObject): LayerFacts {
  const known = OPERATIONS.get(className.slice(className.lastIndexOf('.') + 1));
  const role = typeof known?.role === 'function' ? known.role(config) : (known?.role ?? 'other');
  return { className, ...known, role, loads: ['keras3'], weights: () => [] };
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
  outputShape: broadcast,
  ...more,
});

const activation = (more: Partial<LayerFacts> = {}): OperationFacts => ({
  role: 'activation',
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

const UNARY = ['Cast', 'Clip', 'Absolute', 'Exp', 'Log', 'Negative', 'Square', 'Sqrt', 'Reciprocal'];
const RECTIFIERS = ['Relu6', 'Silu', 'HardSilu', 'Elu', 'Selu', 'Celu', 'Gelu', 'Mish'];
const ACTIVATIONS = ['Softplus', 'Softsign', 'LogSigmoid', 'HardTanh', 'LogSoftmax', 'Tanh'];

/** By class name alone: in which module an operation stands changes from release to release. */
const OPERATIONS: ReadonlyMap<string, OperationFacts> = new Map<string, OperationFacts>([
  ['Add', elementwise('add', commuting)],
  ['Multiply', elementwise('multiply')],
  ['Subtract', elementwise('merge')],
  ['Maximum', elementwise('merge')],
  ['Minimum', elementwise('merge')],
  ...['Divide', 'TrueDivide', 'Power'].map((name) => [name, elementwise('other')] as const),
  ...UNARY.map((name) => [name, elementwise('other')] as const),
  ['Concatenate', { role: 'concatenate', outputShape: concatenated, ...commuting }],
  ['Mean', reduction(commuting)],
  ['Max', reduction(commuting)],
  ['Amax', reduction(commuting)],
  ['Sum', { role: 'other', outputShape: reduced }],
  ['AveragePool', poolOperation()],
  ['MaxPool', poolOperation()],
  ...RECTIFIERS.map((name) => [name, rectifier()] as const),
  ...ACTIVATIONS.map((name) => [name, activation()] as const),
  ['Relu', rectifier(commuting)],
  // keras.activations.relu with a slope or a ceiling; the layer of this name says the same things.
  ['ReLU', rectifier({ scaling: reluScaling })],
  ...['Sigmoid', 'HardSigmoid', 'Softmax'].map((name) => [name, activation({ makesProbabilities: true })] as const),
  ['LeakyRelu', rectifier(commuting)],
  ['Reshape', moving(reshaped)],
  ['Transpose', moving(transposed)],
  ['Squeeze', moving(squeezed)],
  ['ExpandDims', moving(expanded)],
  [
    'DepthToSpace',
    {
      role: 'upsampling',
      outputShape: spread,
      resolution: (config) => [1 / blockSize(config), 1 / blockSize(config)],
      ...commuting,
    },
  ],
  ['Resize', { role: 'upsampling' }],
]);
