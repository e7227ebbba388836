// One operation has a class in Keras 3 and, in Keras 2, the name of a TensorFlow function. Here it is known by its class.

interface OperationNames {
  /** The class in Keras 3, behind `keras.src.ops.` where Keras 2 can be told the same. */
  readonly keras3: string;
  /** The function's names. The first one is written. */
  readonly tensorflow: readonly string[];
  /** What Keras 3 calls a setting of the operation, and TensorFlow. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** @param tensorflow the function's names, separated by spaces */
const named = (keras3: string, tensorflow: string, settings?: OperationNames['settings']): OperationNames => ({
  keras3,
  tensorflow: tensorflow.split(' '),
  ...(settings === undefined ? {} : { settings }),
});

const REDUCED = { axis: 'axis', keepdims: 'keepdims' };

const NAMES: readonly OperationNames[] = [
  named('numpy.Add', '__operators__.add math.add add'),
  named('numpy.Subtract', 'math.subtract subtract'),
  named('numpy.Multiply', 'math.multiply multiply'),
  named('numpy.TrueDivide', 'math.truediv truediv'),
  named('numpy.Divide', 'math.divide divide realdiv'),
  named('numpy.Maximum', 'math.maximum maximum'),
  named('numpy.Minimum', 'math.minimum minimum'),
  named('numpy.Power', 'math.pow pow'),
  named('numpy.Negative', 'math.negative negative'),
  named('numpy.Absolute', 'math.abs abs'),
  named('numpy.Square', 'math.square square'),
  named('numpy.Sqrt', 'math.sqrt sqrt'),
  named('math.Rsqrt', 'math.rsqrt'),
  named('numpy.Reciprocal', 'math.reciprocal'),
  named('numpy.Exp', 'math.exp exp'),
  named('numpy.Log', 'math.log'),
  named('core.Cast', 'cast', { dtype: 'dtype' }),
  named('numpy.Clip', 'clip_by_value', { x_min: 'clip_value_min', x_max: 'clip_value_max' }),
  named('numpy.Take', 'gather compat.v1.gather', { axis: 'axis' }),
  named('numpy.Stack', 'stack', { axis: 'axis' }),
  named('numpy.ExpandDims', 'expand_dims', { axis: 'axis' }),
  named('numpy.Squeeze', 'squeeze compat.v1.squeeze', { axis: 'axis' }),
  named('numpy.Transpose', 'transpose compat.v1.transpose', { axes: 'perm' }),
  named('numpy.Flip', 'reverse', { axis: 'axis' }),
  named('numpy.GetItem', '__operators__.getitem'),
  named('numpy.Concatenate', 'concat', { axis: 'axis' }),
  named('numpy.Mean', 'math.reduce_mean reduce_mean', REDUCED),
  named('numpy.Max', 'math.reduce_max reduce_max', REDUCED),
  named('numpy.Min', 'math.reduce_min reduce_min', REDUCED),
  named('numpy.Sum', 'math.reduce_sum reduce_sum', REDUCED),
  named('numpy.Reshape', 'reshape', { newshape: 'shape' }),
  named('nn.Relu', 'nn.relu'),
  named('nn.Relu6', 'nn.relu6'),
  named('nn.Sigmoid', 'nn.sigmoid math.sigmoid sigmoid'),
  named('nn.Silu', 'nn.silu nn.swish'),
  named('nn.Elu', 'nn.elu'),
  named('nn.Selu', 'nn.selu'),
  named('nn.Gelu', 'nn.gelu'),
  named('nn.Softplus', 'nn.softplus math.softplus'),
  named('nn.Softsign', 'nn.softsign'),
  named('nn.Softmax', 'nn.softmax'),
  named('nn.LogSoftmax', 'nn.log_softmax'),
  named('nn.LeakyRelu', 'nn.leaky_relu'),
  named('numpy.Tanh', 'math.tanh nn.tanh tanh'),
  named('image.Resize', 'image.resize'),
];

const shortName = (keras3: string): string => keras3.slice(keras3.lastIndexOf('.') + 1);

const BY_CLASS: ReadonlyMap<string, OperationNames> = new Map(NAMES.map((each) => [shortName(each.keras3), each]));

const BY_FUNCTION: ReadonlyMap<string, OperationNames> = new Map(
  NAMES.flatMap((each) => each.tensorflow.map((name) => [name, each] as const)),
);

/** The name of an operation's class in Keras 3, without its module, from the class or from TensorFlow's function. */
export const operationName = (classOrFunction: string): string => {
  const known = BY_FUNCTION.get(classOrFunction);
  return known === undefined ? shortName(classOrFunction) : shortName(known.keras3);
};

/** Whether TensorFlow's function is in the table: of others the last part of the name alone says nothing. */
export const isNamedFunction = (name: string): boolean => BY_FUNCTION.has(name);

/** What both Kerases call an operation, by its name here; undefined where one of them has none that is known. */
export function namesInBoth(operation: string) {
  const known = BY_CLASS.get(operation);
  return (
    known && { keras3: `keras.src.ops.${known.keras3}`, tensorflow: known.tensorflow[0]!, settings: known.settings }
  );
}
