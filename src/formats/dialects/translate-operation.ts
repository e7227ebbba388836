import {
  fromPlain,
  getMember,
  type JsonObject,
  type JsonValue,
  numberOf,
  type Plain,
  type PlainObject,
  toPlain,
} from '../../json/json-value.js';
import { axisOf, elementCount } from '../../layers/config.js';
import type { Shape } from '../../layers/layer-facts.js';
import { type Layer, newLayer } from '../../model/model.js';
import type { Argument, CallArguments } from './call-arguments.js';
import { cannotConvert } from './cannot-convert.js';
import { addPlain, addTranslated, outputOf, type PieceBox, type Source } from './layer-pieces.js';
import { addRescaling, translateLayer } from './translate-layer.js';

/** An operation with its arguments by name, whichever Keras wrote it. */
interface Operation {
  readonly box: PieceBox;
  readonly layer: Layer;
  readonly arguments: readonly Argument[];
  /** Settings: constants of the call, or of the operation's config. */
  readonly settings: JsonObject;
}

type Rule = (operation: Operation) => Source | undefined;

export const isOperation = (layer: Layer): boolean =>
  layer.isOperation === true || layer.className === 'TFOpLambda' || layer.className === 'SlicingOpLambda';

/**
 * The layers that compute what an operation does: neither TensorFlow.js nor the other Keras has it.
 * @throws RetrofitError `cannot-convert` where no layer is certain to do the same
 */
export function translateOperation(box: PieceBox, layer: Layer, { positional, keywords }: CallArguments): void {
  const config = withoutName(layer.config);
  const names = layer.isOperation ? [] : ['x', 'y', 'a', 'b'];
  const named = names.flatMap((name) => keywords.get(name) ?? []);
  const constants = [...keywords].flatMap(([name, argument]) =>
    argument.kind === 'constant' && !names.includes(name) && !isNull(argument.json)
      ? [[name, argument.json] as const]
      : [],
  );
  const used = new Set([...named, ...[...keywords.values()].filter((argument) => argument.kind === 'constant')]);
  const settings: JsonObject = { kind: 'object', members: [...config.members, ...constants.map(member)] };
  const isWhole = [...keywords.values()].every((argument) => used.has(argument));
  const operation: Operation = { box, layer, arguments: [...positional, ...named], settings };
  const id = operationId(layer);
  const dtype = outputOf(box, { input: 0 }).dtype;
  const isFloat = ['float32', 'float16', 'bfloat16', 'float64'].includes(dtype);
  if (!isWhole || !isFloat || RULES.get(id)?.(operation) === undefined) throw noSuchOperation(layer, id);
}

const isNull = (json: JsonValue) => json.kind === 'literal' && json.text === 'null';
const member = ([key, value]: readonly [string, JsonValue]) => ({ key, keyText: JSON.stringify(key), value });

const withoutName = (config: JsonObject): JsonObject => ({
  kind: 'object',
  members: config.members.filter(({ key }) => !['name', 'trainable', 'dtype', 'function'].includes(key)),
});

/** `math.multiply` as TensorFlow calls it, `Multiply` as Keras 3 does. */
function operationId(layer: Layer): string {
  if (layer.isOperation) return layer.className.slice(layer.className.lastIndexOf('.') + 1);
  return typeof layer.settings.function === 'string' ? layer.settings.function : layer.className;
}

const source = (argument: Argument | undefined): Source | undefined =>
  argument?.kind === 'tensor' ? { input: argument.input } : undefined;

const numberToken = (argument: Argument | undefined): JsonValue | undefined =>
  argument?.kind === 'constant' && numberOf(argument.json) !== undefined && Number.isFinite(numberOf(argument.json))
    ? argument.json
    : undefined;

const negated = (token: JsonValue): JsonValue => {
  const { text } = token as { text: string };
  return { kind: 'number', text: text.startsWith('-') ? text.slice(1) : `-${text}` };
};

const rankOf = (box: PieceBox, tensor: Source): number | undefined => outputOf(box, tensor).shape?.length;

/** Two tensors as one of the merging layers: those align axes of other numbers in their own way. */
function merged({ box }: Operation, className: string, inputs: readonly Source[]): Source | undefined {
  const ranks = new Set(inputs.map((input) => rankOf(box, input)));
  if (inputs.length < 2 || ranks.size !== 1 || ranks.has(undefined)) return undefined;
  const dtypes = new Set(inputs.map((input) => outputOf(box, input).dtype));
  if (dtypes.size !== 1) return undefined;
  const { dtype } = outputOf(box, inputs[0]!);
  const layer = newLayer(className, box.layer, { dtype });
  translateLayer(box, layer, inputs);
  return inputs[0];
}

const ONE = fromPlain(1);
const ZERO = fromPlain(0);
const MINUS_ONE = fromPlain(-1);

/** An operation of two operands: on two tensors a layer, on a tensor and a number a Rescaling. */
const binary =
  (
    className: string,
    left: (number: JsonValue) => readonly [scale: JsonValue, offset: JsonValue] | undefined,
    right: (number: JsonValue) => readonly [scale: JsonValue, offset: JsonValue] | undefined,
  ): Rule =>
  (operation) => {
    const [first, second, ...more] = operation.arguments;
    const [a, b] = [source(first), source(second)];
    if (more.length > 0) return undefined;
    if (a !== undefined && b !== undefined) return className === '' ? undefined : merged(operation, className, [a, b]);
    const tensor = a ?? b;
    const token = numberToken(a === undefined ? first : second);
    const numbers = token && (a === undefined ? left : right)(token);
    return tensor && numbers && addRescaling(operation.box, numbers[0], numbers[1], [tensor]);
  };

const nothing = () => undefined;
const add = binary(
  'Add',
  (number) => [ONE, number],
  (number) => [ONE, number],
);
const multiply = binary(
  'Multiply',
  (number) => [number, ZERO],
  (number) => [number, ZERO],
);
const subtract = binary(
  'Subtract',
  (number) => [MINUS_ONE, number],
  (number) => [ONE, negated(number)],
);
// 1 / c is exact for powers of two alone; any other would round twice.
const divide = binary('', nothing, (number) => {
  const value = numberOf(number)!;
  const isPower = Number.isInteger(Math.log2(Math.abs(value))) && Math.abs(value) === 2 ** Math.log2(Math.abs(value));
  return value !== 0 && isPower ? [fromPlain(1 / value), ZERO] : undefined;
});
const maximum: Rule = (operation) => {
  const [first, second] = operation.arguments;
  const tensor = source(first) ?? source(second);
  const token = numberToken(source(first) === undefined ? first : second);
  if (token !== undefined && tensor !== undefined)
    return numberOf(token) === 0 ? addPlain(operation.box, 'ReLU', {}, [tensor]) : undefined;
  return binary('Maximum', nothing, nothing)(operation);
};

const negative: Rule = ({ box, arguments: [first] }) => {
  const tensor = source(first);
  return tensor && addRescaling(box, MINUS_ONE, ZERO, [tensor]);
};

/** The one tensor of an operation that takes no other argument than settings. */
const onlyTensor = (operation: Operation): Source | undefined =>
  operation.arguments.length === 1 ? source(operation.arguments[0]) : undefined;

const settingsOf = (operation: Operation): PlainObject => toPlain(operation.settings) as PlainObject;

/** A function, as an Activation layer of the source; only with settings that say what the function does anyway. */
const activation =
  (
    name: string,
    isDefault: (settings: PlainObject) => boolean = (settings) => Object.keys(settings).length === 0,
  ): Rule =>
  (operation) => {
    const tensor = onlyTensor(operation);
    if (tensor === undefined || !isDefault(settingsOf(operation))) return undefined;
    const { dtype } = outputOf(operation.box, tensor);
    const config = fromPlain({ dtype, activation: name }) as JsonObject;
    return addTranslated(operation.box, 'Activation', config, [tensor]);
  };

const isExactGelu = ({ approximate, ...rest }: PlainObject) =>
  (approximate === false || approximate === undefined) && Object.keys(rest).length === 0;
const isLastAxis = ({ axis, ...rest }: PlainObject) =>
  (axis === undefined || axis === -1) && Object.keys(rest).length === 0;

/** An operation whose settings are those of a layer. */
const asLayer =
  (className: string, toSettings: (settings: PlainObject) => PlainObject | undefined): Rule =>
  (operation) => {
    const tensor = onlyTensor(operation);
    const settings = toSettings(settingsOf(operation));
    if (tensor === undefined || settings === undefined) return undefined;
    const { dtype } = outputOf(operation.box, tensor);
    translateLayer(operation.box, newLayer(className, operation.box.layer, { dtype, ...settings }), [tensor]);
    return tensor;
  };

const only = (settings: PlainObject, names: readonly string[]): boolean =>
  Object.keys(settings).every((name) => names.includes(name));

const leaky = asLayer('LeakyReLU', (settings) => {
  const slope = settings.negative_slope ?? settings.alpha ?? 0.2;
  return only(settings, ['negative_slope', 'alpha', 'features']) ? { alpha: slope, negative_slope: slope } : undefined;
});

/** A clip from 0 up is a ReLU with a ceiling. */
const clip = asLayer('ReLU', (settings) => {
  const low = settings.x_min ?? settings.clip_value_min;
  const high = settings.x_max ?? settings.clip_value_max;
  if (low !== 0 || typeof high !== 'number' || high <= 0) return undefined;
  return only(settings, ['x_min', 'x_max', 'clip_value_min', 'clip_value_max']) ? { max_value: high } : undefined;
});

/** A mean or maximum over all places of a map, as the global pooling of its rank. */
const pooling =
  (kind: 'Average' | 'Max'): Rule =>
  (operation) => {
    const tensor = onlyTensor(operation);
    const { axis, keepdims, initial, ...rest } = settingsOf(operation);
    const rank = tensor && rankOf(operation.box, tensor);
    if (tensor === undefined || rank === undefined || rank < 3 || rank > 5) return undefined;
    if (Object.keys(rest).length > 0 || (initial ?? null) !== null) return undefined;
    const axes = [axis ?? null]
      .flat()
      .map((each) => axisOf(each as Plain, rank))
      .sort();
    const isAt = (first: number) => axes.length === rank - 2 && axes.every((each, at) => each === first + at);
    if (!isAt(1) && !isAt(2)) return undefined;
    const { dtype } = outputOf(operation.box, tensor);
    const data_format = isAt(1) ? 'channels_last' : 'channels_first';
    const layer = newLayer(`Global${kind}Pooling${rank - 2}D`, operation.box.layer, {
      dtype,
      data_format,
      keepdims: keepdims === true,
    });
    translateLayer(operation.box, layer, [tensor]);
    return tensor;
  };

/** A Reshape layer leaves the first axis alone: certain where the operation does so too. */
const reshape: Rule = (operation) => {
  const tensor = onlyTensor(operation);
  const { newshape, shape, ...rest } = settingsOf(operation);
  const target = newshape ?? shape;
  const input = tensor && outputOf(operation.box, tensor).shape;
  if (tensor === undefined || input === undefined || !Array.isArray(target) || Object.keys(rest).length > 0)
    return undefined;
  const sizes = target as Shape;
  const [batch, ...others] = sizes;
  const isOpen = (size: number | null) => size === null || size === -1;
  const before = elementCount(input.slice(1));
  const after = others.some(isOpen) ? null : elementCount(others);
  const keepsBatch = isOpen(batch!) ? before !== null && before === after : batch === input[0];
  if (!keepsBatch) return undefined;
  return addPlain(operation.box, 'Reshape', { target_shape: others.map((size) => size ?? -1) }, [tensor]);
};

const concatenate: Rule = (operation) => {
  const [first, ...more] = operation.arguments;
  const { axis, ...rest } = settingsOf(operation);
  if (first?.kind !== 'tensors' || more.length > 0 || Object.keys(rest).length > 0 || axis === 0) return undefined;
  const inputs = first.inputs.map((input): Source => ({ input }));
  const layer = newLayer('Concatenate', operation.box.layer, {
    dtype: outputOf(operation.box, inputs[0]!).dtype,
    axis: axis ?? (operation.layer.isOperation ? 0 : -1),
  });
  translateLayer(operation.box, layer, inputs);
  return inputs[0];
};

const addAll: Rule = (operation) => {
  const [first] = operation.arguments;
  return first?.kind === 'tensors'
    ? merged(
        operation,
        'Add',
        first.inputs.map((input) => ({ input })),
      )
    : undefined;
};

const functionNames: readonly (readonly [string, string])[] = [
  ['Relu', 'relu'],
  ['Relu6', 'relu6'],
  ['Sigmoid', 'sigmoid'],
  ['Silu', 'silu'],
  ['Tanh', 'tanh'],
  ['Elu', 'elu'],
  ['Selu', 'selu'],
  ['Softplus', 'softplus'],
  ['Softsign', 'softsign'],
  ['Mish', 'mish'],
  ['HardSigmoid', 'hard_sigmoid'],
  ['HardSilu', 'hard_silu'],
  ['nn.relu', 'relu'],
  ['nn.relu6', 'relu6'],
  ['nn.sigmoid', 'sigmoid'],
  ['math.sigmoid', 'sigmoid'],
  ['nn.silu', 'silu'],
  ['nn.swish', 'silu'],
  ['nn.tanh', 'tanh'],
  ['math.tanh', 'tanh'],
  ['nn.elu', 'elu'],
  ['nn.selu', 'selu'],
  ['math.softplus', 'softplus'],
  ['nn.softplus', 'softplus'],
  ['nn.softsign', 'softsign'],
];

const isOnes = (settings: PlainObject) => only(settings, ['alpha']) && (settings.alpha ?? 1) === 1;

const RULES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ...functionNames.map(([id, name]) => [id, activation(name, name === 'elu' ? isOnes : undefined)] as const),
  ...['Add', '__operators__.add', 'math.add', 'add'].map((id) => [id, add] as const),
  ...['Multiply', 'math.multiply', 'multiply'].map((id) => [id, multiply] as const),
  ...['Subtract', 'math.subtract', 'subtract'].map((id) => [id, subtract] as const),
  ...['Divide', 'TrueDivide', 'math.truediv', 'math.divide', 'divide', 'truediv'].map((id) => [id, divide] as const),
  ...['Negative', 'math.negative', 'negative'].map((id) => [id, negative] as const),
  ...['Maximum', 'math.maximum', 'maximum'].map((id) => [id, maximum] as const),
  ...['Minimum', 'math.minimum', 'minimum'].map((id) => [id, binary('Minimum', nothing, nothing)] as const),
  ...['Mean', 'math.reduce_mean', 'reduce_mean'].map((id) => [id, pooling('Average')] as const),
  ...['Max', 'Amax', 'math.reduce_max', 'reduce_max'].map((id) => [id, pooling('Max')] as const),
  ...['Reshape', 'reshape'].map((id) => [id, reshape] as const),
  ...['Concatenate', 'concat'].map((id) => [id, concatenate] as const),
  ...['Clip', 'clip_by_value'].map((id) => [id, clip] as const),
  ...['LeakyRelu', 'nn.leaky_relu'].map((id) => [id, leaky] as const),
  ...['Gelu', 'nn.gelu'].map((id) => [id, activation('gelu', isExactGelu)] as const),
  ...['Softmax', 'nn.softmax'].map((id) => [id, activation('softmax', isLastAxis)] as const),
  ...['LogSoftmax', 'nn.log_softmax'].map((id) => [id, activation('log_softmax', isLastAxis)] as const),
  ['math.add_n', addAll],
  ['ReLU', asLayer('ReLU', (settings) => settings)],
]);

function noSuchOperation(layer: Layer, id: string) {
  return cannotConvert(
    layer.name,
    getMember(layer.config, 'function') === undefined ? 'class_name' : 'function',
    `it is the operation ${id}, and no layer is certain to compute the same with these arguments`,
    'keep the model in the format it is in, or rebuild it with a layer in its place',
  );
}
