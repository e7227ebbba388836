import type { PlainObject } from '../json/json-value.js';
import { COMMUTES, type LayerFacts, type LayerRole } from './layer-facts.js';

/**
 * TensorFlow functions that Keras 2 records as `TFOpLambda` layers, by the function's name. Only the part they play is
 * known; their sizes depend on call arguments, and a factor crosses none but the plain ReLU and the identity.
 */
const FUNCTIONS: ReadonlyMap<string, LayerRole> = new Map<string, LayerRole>([
  ['__operators__.add', 'add'],
  ['math.add', 'add'],
  ['add', 'add'],
  ['concat', 'concatenate'],
  ['math.multiply', 'multiply'],
  ['multiply', 'multiply'],
  ['math.reduce_mean', 'global-pool'],
  ['math.reduce_max', 'global-pool'],
  ['nn.relu', 'activation'],
  ['nn.relu6', 'activation'],
  ['nn.sigmoid', 'activation'],
  ['nn.leaky_relu', 'activation'],
  ['nn.elu', 'activation'],
  ['nn.selu', 'activation'],
  ['nn.silu', 'activation'],
  ['nn.swish', 'activation'],
  ['nn.gelu', 'activation'],
  ['nn.tanh', 'activation'],
  ['nn.softmax', 'activation'],
  ['math.sigmoid', 'activation'],
  ['math.tanh', 'activation'],
  ['sigmoid', 'activation'],
  ['tanh', 'activation'],
  ['reshape', 'reshape'],
  ['image.resize', 'upsampling'],
]);

const PROBABILITIES: readonly string[] = ['nn.sigmoid', 'math.sigmoid', 'sigmoid', 'nn.softmax'];
const RECTIFIER = /^nn\.(?:relu6?|leaky_relu|elu|selu|silu|swish|gelu)$/;

// Results have the first operand's size where the operand is a feature map and the rest are factors or terms.
const ELEMENTWISE: readonly LayerRole[] = ['add', 'multiply', 'activation'];

/** Whether a layer of this class is a call of the TensorFlow function that its config names. */
export const isOpLayer = (className: string): boolean => className === 'TFOpLambda' || className === 'SlicingOpLambda';

/** The facts of one `TFOpLambda`, from the function its config names. */
export function tensorflowFacts(className: string, config: PlainObject, base: LayerFacts): LayerFacts {
  const name = typeof config.function === 'string' ? config.function : '';
  const role = FUNCTIONS.get(name);
  if (role === undefined) return base;
  return {
    ...base,
    className,
    role,
    weights: () => [],
    ...(ELEMENTWISE.includes(role)
      ? {
          outputShape: (_config, inputs) =>
            inputs.find((shape) => shape !== undefined && shape.length > 2) ?? inputs[0],
        }
      : {}),
    ...(PROBABILITIES.includes(name) ? { makesProbabilities: true } : {}),
    ...(RECTIFIER.test(name) ? { isRectifier: () => true } : {}),
    ...(name === 'nn.relu' ? { scaling: () => COMMUTES } : {}),
  };
}

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

/** Whether a function of TensorFlow, by the name that Keras 2 records, does nothing but compute a result. */
export function isPureFunction(name: string): boolean {
  const current = name.replace(/^compat\.v1\./, '');
  return PURE_FUNCTIONS.has(current) || PURE_MODULES.test(current);
}
