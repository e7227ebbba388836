import type { Plain } from '../json/json-value.js';
import type { Loader } from './layer-facts.js';

/**
 * The fields of each class's config, and who knows them. Derived from `get_config` of tf-keras 2.21 and Keras 3.15 and
 * from what `from_config` of the other one accepts: fixtures/make_config_fields.py.
 * TensorFlow.js reads what it knows and ignores the rest; what it ignores at a cost stands in `refusedFields`.
 */
interface ClassFields {
  readonly classes: string;
  /** Known to both Kerases. */
  readonly fields: string;
  readonly keras2?: OwnFields;
  readonly keras3?: OwnFields;
}

/** Fields of one Keras alone, each with the value that says what the other one does anyway. */
type OwnFields = Readonly<Record<string, Plain | typeof ANY>>;

/** For fields without influence on what is computed, whatever they say. */
const ANY: unique symbol = Symbol('any value');

const initialized = (...bases: readonly string[]) =>
  bases.flatMap((base) => [`${base}_initializer`, `${base}_regularizer`, `${base}_constraint`]).join(' ');

const KERNEL = initialized('kernel', 'bias');
const CONVOLUTION = `kernel_size strides padding data_format dilation_rate activation use_bias`;
const RECURRENT = `activation recurrent_activation use_bias ${initialized('kernel', 'recurrent', 'bias')} dropout recurrent_dropout`;
const RNN = `return_sequences return_state go_backwards stateful unroll zero_output_for_mask implementation`;
const GATED = `units ${RECURRENT} unit_forget_bias reset_after`;
const RANDOM = { keras2: { rng_type: ANY }, keras3: { data_format: 'channels_last' } } as const;
const LOOKUP =
  'max_tokens num_oov_indices oov_token mask_token output_mode sparse pad_to_max_tokens vocabulary idf_weights invert vocabulary_size has_input_vocabulary';
const UNUSED_KERNEL: OwnFields = { kernel_initializer: ANY, kernel_regularizer: ANY, kernel_constraint: ANY };
// Only the class of Keras 3 has no such argument; neither has weights to train.
const UNTRAINED: OwnFields = { trainable: ANY, noise_shape: ANY };

// LoRA keeps variables of its own beside the kernel.
const LORA: OwnFields = { lora_rank: null, lora_alpha: null, quantization_config: null, quantization_mode: null };

const CLASSES: readonly ClassFields[] = [
  { classes: 'InputLayer', fields: 'batch_input_shape batch_shape sparse ragged optional' },
  { classes: 'Activation', fields: 'activation' },
  { classes: 'ReLU', fields: 'max_value negative_slope threshold' },
  { classes: 'LeakyReLU', fields: 'alpha negative_slope' },
  { classes: 'ELU', fields: 'alpha' },
  { classes: 'PReLU', fields: `${initialized('alpha')} shared_axes` },
  { classes: 'Softmax', fields: 'axis' },
  { classes: 'ThresholdedReLU', fields: 'theta' },
  {
    classes: 'Dense',
    fields: `units activation use_bias ${KERNEL}`,
    keras3: LORA,
  },
  {
    classes: 'EinsumDense',
    fields: `equation output_shape bias_axes activation ${KERNEL}`,
    keras3: { ...LORA, gptq_unpacked_column_size: null },
  },
  {
    classes: 'Embedding',
    fields: `input_dim output_dim mask_zero input_length ${initialized('embeddings')}`,
    keras3: LORA,
  },
  { classes: 'Conv1D Conv2D Conv3D', fields: `filters groups ${CONVOLUTION} ${KERNEL}`, keras3: LORA },
  {
    classes: 'Conv1DTranspose Conv2DTranspose Conv3DTranspose',
    fields: `filters output_padding ${CONVOLUTION} ${KERNEL}`,
    keras2: { groups: 1 },
  },
  {
    classes: 'DepthwiseConv1D DepthwiseConv2D',
    fields: `depth_multiplier ${CONVOLUTION} ${initialized('depthwise', 'bias')}`,
    keras2: { groups: 1, ...UNUSED_KERNEL },
  },
  {
    classes: 'SeparableConv1D SeparableConv2D',
    fields: `filters depth_multiplier ${CONVOLUTION} ${initialized('depthwise', 'pointwise', 'bias')}`,
    keras2: { groups: 1, ...UNUSED_KERNEL },
  },
  {
    classes: 'LocallyConnected1D LocallyConnected2D',
    fields: `filters implementation ${CONVOLUTION} ${KERNEL}`,
  },
  {
    classes: 'BatchNormalization SyncBatchNormalization',
    fields: `axis momentum epsilon center scale ${initialized('beta', 'gamma')} moving_mean_initializer moving_variance_initializer synchronized renorm`,
    keras3: { renorm_clipping: null, renorm_momentum: ANY },
  },
  {
    classes: 'LayerNormalization',
    fields: `axis epsilon center scale ${initialized('beta', 'gamma')}`,
    keras3: { rms_scaling: false },
  },
  { classes: 'GroupNormalization', fields: `groups axis epsilon center scale ${initialized('beta', 'gamma')}` },
  { classes: 'UnitNormalization', fields: 'axis' },
  { classes: 'RMSNormalization', fields: 'axis epsilon' },
  { classes: 'Normalization', fields: 'axis mean variance invert' },
  { classes: 'SpectralNormalization', fields: 'layer power_iterations' },
  {
    classes: 'MaxPooling1D MaxPooling2D MaxPooling3D AveragePooling1D AveragePooling2D AveragePooling3D',
    fields: 'pool_size padding strides data_format',
  },
  {
    classes:
      'GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D',
    fields: 'data_format keepdims',
  },
  { classes: 'UpSampling1D UpSampling2D UpSampling3D', fields: 'size data_format interpolation' },
  { classes: 'ZeroPadding1D', fields: 'padding', keras3: { data_format: 'channels_last' } },
  { classes: 'ZeroPadding2D ZeroPadding3D', fields: 'padding data_format' },
  { classes: 'Cropping1D Cropping2D Cropping3D', fields: 'cropping data_format' },
  { classes: 'Add Average Maximum Minimum Multiply Subtract Identity', fields: '' },
  { classes: 'Concatenate', fields: 'axis' },
  { classes: 'Dot', fields: 'axes normalize' },
  { classes: 'CustomScaleLayer', fields: 'scale' },
  { classes: 'Dropout AlphaDropout', fields: 'rate seed noise_shape' },
  { classes: 'GaussianDropout', fields: 'rate seed' },
  { classes: 'GaussianNoise', fields: 'stddev seed' },
  { classes: 'SpatialDropout1D', fields: 'rate seed', keras2: UNTRAINED },
  { classes: 'SpatialDropout2D SpatialDropout3D', fields: 'rate seed data_format', keras2: UNTRAINED },
  { classes: 'ActivityRegularization', fields: 'l1 l2' },
  { classes: 'Masking', fields: 'mask_value' },
  { classes: 'Flatten', fields: 'data_format' },
  { classes: 'Reshape', fields: 'target_shape' },
  { classes: 'Permute', fields: 'dims' },
  { classes: 'RepeatVector', fields: 'n' },
  { classes: 'Rescaling', fields: 'scale offset' },
  { classes: 'CenterCrop', fields: 'height width', keras3: { data_format: 'channels_last' } },
  {
    classes: 'Resizing',
    fields: 'height width interpolation crop_to_aspect_ratio',
    keras3: {
      data_format: 'channels_last',
      pad_to_aspect_ratio: false,
      fill_mode: ANY,
      fill_value: ANY,
      antialias: false,
    },
  },
  { classes: 'LSTM GRU', fields: `${GATED} ${RNN}`, keras2: { time_major: false }, keras3: { seed: ANY } },
  { classes: 'SimpleRNN', fields: `units ${RECURRENT} ${RNN}`, keras2: { time_major: false }, keras3: { seed: ANY } },
  { classes: 'LSTMCell GRUCell SimpleRNNCell', fields: `${GATED} implementation`, keras3: { seed: ANY } },
  { classes: 'RNN', fields: `cell ${RNN}`, keras2: { time_major: false } },
  { classes: 'StackedRNNCells', fields: 'cells' },
  {
    classes: 'ConvLSTM1D ConvLSTM2D ConvLSTM3D',
    fields: `filters kernel_size strides padding data_format dilation_rate unit_forget_bias ${RECURRENT} ${RNN}`,
    keras2: { time_major: false },
    keras3: { seed: ANY },
  },
  { classes: 'Bidirectional', fields: 'layer merge_mode backward_layer' },
  { classes: 'TimeDistributed', fields: 'layer' },
  {
    classes: 'MultiHeadAttention',
    fields: `num_heads key_dim value_dim dropout use_bias output_shape attention_axes ${KERNEL}`,
    keras2: { query_shape: ANY, key_shape: ANY, value_shape: ANY, softmax_robust_masking: false },
    keras3: { use_gate: false, sliding_window: null, seed: ANY, flash_attention: ANY },
  },
  { classes: 'AdditiveAttention Attention', fields: 'use_scale score_mode dropout seed' },
  { classes: 'CategoryEncoding', fields: 'num_tokens output_mode sparse' },
  {
    classes: 'Discretization',
    fields: 'bin_boundaries num_bins epsilon output_mode sparse',
    keras2: { trainable: ANY },
  },
  { classes: 'HashedCrossing', fields: 'num_bins output_mode sparse' },
  { classes: 'Hashing', fields: 'num_bins salt mask_value output_mode sparse' },
  {
    classes: 'IntegerLookup StringLookup',
    fields: `${LOOKUP} vocabulary_dtype encoding`,
    keras3: { oov_method: 'floormod', salt: null },
  },
  { classes: 'RandomBrightness', fields: 'factor value_range seed', ...RANDOM },
  {
    classes: 'RandomContrast',
    fields: 'factor seed',
    keras2: RANDOM.keras2,
    keras3: { ...RANDOM.keras3, value_range: [0, 255] },
  },
  { classes: 'RandomCrop', fields: 'height width seed', ...RANDOM },
  { classes: 'RandomFlip', fields: 'mode seed', ...RANDOM },
  { classes: 'RandomRotation', fields: 'factor fill_mode fill_value interpolation seed', ...RANDOM },
  {
    classes: 'RandomTranslation RandomZoom',
    fields: 'height_factor width_factor fill_mode fill_value interpolation seed',
    ...RANDOM,
  },
  { classes: 'RandomHeight RandomWidth', fields: 'factor interpolation seed rng_type' },
];

/** Keras 2's ways to make an input by saying its size on the first layer. */
export const INPUT_FIELDS: readonly string[] = ['batch_input_shape', 'input_shape', 'input_dim', 'batch_size'];

/** What every layer may say. */
const BASE: Omit<ClassFields, 'classes'> = {
  fields: 'name trainable dtype activity_regularizer autocast input_shape input_dim',
  keras2: { batch_input_shape: ANY, batch_size: ANY, weights: null },
};

const BY_CLASS: ReadonlyMap<string, ClassFields> = new Map(
  CLASSES.flatMap((entry) => entry.classes.split(' ').map((className) => [className, entry])),
);

/**
 * What a loader makes of a field in a class's config.
 * - `known`: it reads the field
 * - `spare`: it does not know the field, and computes the same without it
 * - `missing`: it does not know the field, and this value says something
 * - `unheard`: nobody is known to write such a field, newer versions perhaps
 */
export type FieldStanding = 'known' | 'ignorable' | 'unsupported' | 'unknown';

/** How a loader stands to a field; undefined for a class that is not in the table. */
export function fieldStanding(
  className: string,
  field: string,
  value: Plain,
  loader: Loader,
): FieldStanding | undefined {
  const own = BY_CLASS.get(className);
  if (own === undefined) return undefined;
  // A class's own word on a field goes before what holds for every layer.
  for (const entry of [own, BASE]) {
    const both = { keras2: entry.keras2 ?? {}, keras3: entry.keras3 ?? {} };
    // TensorFlow.js has what both Kerases have: the rest came later, or went before its time.
    const known = loader === 'tfjs' ? {} : both[loader];
    if (field in known || entry.fields.split(' ').includes(field)) return 'known';
    for (const fields of Object.values(both)) {
      if (field in fields) return isIgnorable(fields[field]!, value) ? 'ignorable' : 'unsupported';
    }
  }
  return 'unknown';
}

const isIgnorable = (rest: Plain | typeof ANY, value: Plain): boolean =>
  rest === ANY || value === null || JSON.stringify(rest) === JSON.stringify(value);
