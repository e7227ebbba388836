import type { PlainObject } from '../../json/json-value.js';
import type { LayerFacts } from '../layer-facts.js';
import {
  calledFacts,
  elementwiseShape,
  findOperation,
  type Operation,
  operationOfFunction,
} from './known-operations.js';

/** Tells whether a layer of this class is a call of the TensorFlow function that its config names. */
export const isOpLayer = (className: string): boolean => className === 'TFOpLambda' || className === 'SlicingOpLambda';

/** The operation that an op layer is, by its name in Keras 3 where it has one, else by the function's. */
export const functionOf = ({ function: name }: PlainObject): string | undefined =>
  typeof name === 'string' ? operationOfFunction(name) : undefined;

/**
 * The facts of one `TFOpLambda`, from the function its config names and what it is called with. A factor crosses none but
 * those that have no settings.
 * @param call the constants that it is called with, where no others are among the arguments
 */
export function tensorflowFacts(
  className: string,
  config: PlainObject,
  base: LayerFacts,
  call?: PlainObject,
): LayerFacts {
  const id = functionOf(config);
  const operation = id === undefined ? undefined : findOperation(id);
  if (operation === undefined) return base;
  const { role, poolsPlaces, isElementwise, makesProbabilities, isRectifier, sizes, activation, scaling } = operation;
  const settings = call && calledSettings(operation, call);
  if (role === 'other' && !isElementwise && !poolsPlaces && settings === undefined) return base;
  return {
    ...base,
    className,
    // Over which axes, the call says.
    role: poolsPlaces ? 'global-pool' : role,
    weights: () => [],
    ...(settings === undefined ? {} : calledFacts(operation.id, settings)),
    ...(isElementwise
      ? {
          outputShape: (_config, inputs) => elementwiseShape(operation, inputs, hasNumbersAlone(call)),
        }
      : {}),
    ...(sizes === undefined ? {} : { sizes }),
    ...(makesProbabilities === undefined ? {} : { makesProbabilities }),
    ...(isRectifier === undefined ? {} : { isRectifier }),
    ...(activation === undefined || scaling === undefined ? {} : { scaling }),
  };
}

/** Returns a call's settings of an operation, under Keras 3's names; undefined where one of them is unknown. */
function calledSettings(operation: Operation, call: PlainObject): PlainObject | undefined {
  const { readCall, settings, harmless } = operation;
  if (readCall !== undefined) return readCall(call);
  const said = Object.entries(call).filter(([name, value]) => name !== 'name' && harmless?.[name] !== value);
  const names = new Map(settings.map(({ tensorflow, keras3 }) => [tensorflow, keras3]));
  if (said.length === 0 || !said.every(([name]) => names.has(name))) return undefined;
  return Object.fromEntries(said.map(([name, value]) => [names.get(name)!, value]));
}

/** Whether no constant among the arguments is a list of numbers, which would be as many channels. */
const hasNumbersAlone = (call: PlainObject | undefined): boolean =>
  call !== undefined && Object.values(call).every((value) => !Array.isArray(value));

// Functions whose result is all that they do. Others of TensorFlow's write files, run code or load libraries when a
// model that names them is loaded: `io.gfile.rmtree`, `print`, `load_op_library`, `raw_ops.WriteFile`.
const PURE_MODULES =
  /^(?:__operators__|bitwise|dtypes|image|linalg|math|nn|quantization|ragged|random|sets|signal|sparse|strings|keras\.activations|keras\.backend(?!\.(?:clear|print|set)_))\.[a-z_\d.]+$/;

const PURE_FUNCTIONS: ReadonlySet<string> = new Set(
  (
    'abs acos acosh add add_n approx_top_k argmax argmin argsort as_string asin asinh atan atan2 atanh batch_to_space ' +
    'bitcast boolean_mask broadcast_dynamic_shape broadcast_static_shape broadcast_to cast clip_by_global_norm ' +
    'clip_by_norm clip_by_value complex concat constant convert_to_tensor cos cosh cumsum divide dynamic_partition ' +
    'dynamic_stitch edit_distance eig eigvals einsum ensure_shape equal exp expand_dims extract_volume_patches eye ' +
    'fftnd fill fingerprint floor gather gather_nd greater greater_equal histogram_fixed_width ' +
    'histogram_fixed_width_bins identity identity_n ifftnd irfftnd is_tensor less less_equal linspace logical_and ' +
    'logical_not logical_or matmul matrix_square_root maximum meshgrid minimum multiply negative norm not_equal ' +
    'one_hot ones ones_like pad parallel_stack pow range rank realdiv reduce_all reduce_any reduce_logsumexp ' +
    'reduce_max reduce_mean reduce_min reduce_prod reduce_sum repeat reshape reverse reverse_sequence rfftnd roll ' +
    'round saturate_cast scalar_mul scatter_nd searchsorted sequence_mask shape shape_n sigmoid sign sin sinh size ' +
    'slice sort space_to_batch space_to_batch_nd split sqrt square squeeze stack stop_gradient strided_slice subtract ' +
    'tan tanh tensor_scatter_nd_add tensor_scatter_nd_max tensor_scatter_nd_min tensor_scatter_nd_sub ' +
    'tensor_scatter_nd_update tensordot tile transpose truediv truncatediv truncatemod unique unique_with_counts ' +
    'unravel_index unstack where zeros zeros_like'
  ).split(' '),
);

/** Tells whether a function of TensorFlow, by the name that Keras 2 records, does nothing but compute a result. */
export function isPureFunction(name: string): boolean {
  const current = name.replace(/^compat\.v1\./, '');
  return PURE_FUNCTIONS.has(current) || PURE_MODULES.test(current);
}
