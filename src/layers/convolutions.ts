import type { PlainObject } from '../json/json-value.js';
import { activationCommutes } from './activations.js';
import {
  channelsAxis,
  elementCount,
  featureShape,
  isChannelsFirst,
  numberIn,
  paddingOf,
  perAxis,
  spatialAxes,
} from './config.js';
import {
  ALL,
  ANY,
  ignoredByTfjs,
  initialized,
  isAllOnes,
  KERAS,
  type LayerFacts,
  LORA,
  type Loader,
  PADDING_IN_CAPITALS,
  type RefusedField,
  type Shape,
  type WeightFact,
} from './layer-facts.js';
import { onePerAxis, orNull, wholeNumber } from './size-rules.js';

type Kind = NonNullable<LayerFacts['convolution']>;
type Rank = 1 | 2 | 3;

/** The record of one convolution class. The kinds differ in their weights and in what a product costs. */
function convolution(className: string, kind: Kind, rank: Rank, loads: readonly Loader[]): LayerFacts {
  const kernelBases =
    kind === 'separable' ? ['depthwise', 'pointwise'] : [kind === 'depthwise' ? 'depthwise' : 'kernel'];
  return {
    className,
    role: 'convolution',
    convolution: kind,
    spatialRank: rank,
    ...(kind === 'depthwise' ? {} : { unitsField: 'filters' }),
    keepsOnlyOutput: rank === 2 && (kind === 'standard' || kind === 'depthwise'),
    loads,
    ...FIELDS[kind],
    sizes: {
      filters: kind === 'depthwise' ? orNull(wholeNumber(1)) : wholeNumber(1),
      kernel_size: onePerAxis(1, rank),
      strides: orNull(onePerAxis(1, rank)),
      dilation_rate: orNull(onePerAxis(1, rank)),
      output_padding: orNull(onePerAxis(0, rank)),
      depth_multiplier: orNull(wholeNumber(1)),
      groups: orNull(wholeNumber(1)),
    },
    refusedFields: REFUSED_FIELDS[kind],
    resolution: (config) => {
      const strides = perAxis(config, 'strides', rank) ?? Array<number>(rank).fill(1);
      return kind === 'transposed' ? strides.map((stride) => 1 / stride) : strides;
    },
    outputShape: (config, [input]) => {
      // Keras 2 runs a convolution over further axes too, between the batch and the places.
      const more = input === undefined ? [] : input.slice(1, input.length - rank - 1);
      if (input !== undefined && (input.length < rank + 2 || (more.length > 0 && isChannelsFirst(config)))) return;
      const axes = spatialAxes(config, rank).map((axis) => axis + more.length);
      const spatial = axes.map((axis, index) => outputSize(config, kind, input?.[axis] ?? null, index, rank));
      return featureShape(config, input?.[0] ?? null, [...more, ...spatial], outputChannels(config, kind, input));
    },
    weights: (config, [input]) => convolutionWeights(config, kind, rank, inputChannels(config, input)),
    inputClue: (config, shapeOf) => {
      const kernel = shapeOf(kernelBases[0] === 'depthwise' ? 'depthwise_kernel' : 'kernel');
      const own = kernel?.at(kind === 'transposed' ? -1 : -2);
      if (own === undefined) return { rank: rank + 2 };
      const size = kind === 'standard' ? own * (numberIn(config, 'groups') ?? 1) : own;
      return { rank: rank + 2, size: { axis: isChannelsFirst(config) ? 1 : -1, size } };
    },
    macs: (config, input, output) => convolutionMacs(config, kind, rank, input, output),
    scaling: (config) => ({
      kind: 'linear',
      by: 'conv',
      // The last product and the bias make the output; the first product alone takes the input.
      doublesOutput: activationCommutes(config)
        ? [kernelBases.at(-1)!, ...(config.use_bias === false ? [] : ['bias'])]
        : undefined,
      doublesInput: [kernelBases[0]!],
    }),
  };
}

const ALIKE = 'kernel_size strides padding data_format dilation_rate activation use_bias';
// Of the class that these are made of in Keras 2.
const OF_CONV = { groups: 1, kernel_initializer: ANY, kernel_regularizer: ANY, kernel_constraint: ANY } as const;

const FIELDS: Readonly<Record<Kind, Pick<LayerFacts, 'fields' | 'keras2Fields' | 'keras3Fields'>>> = {
  standard: { fields: `filters groups ${ALIKE} ${initialized('kernel', 'bias')}`, keras3Fields: LORA },
  transposed: {
    fields: `filters output_padding ${ALIKE} ${initialized('kernel', 'bias')}`,
    keras2Fields: { groups: 1 },
  },
  depthwise: { fields: `depth_multiplier ${ALIKE} ${initialized('depthwise', 'bias')}`, keras2Fields: OF_CONV },
  separable: {
    fields: `filters depth_multiplier ${ALIKE} ${initialized('depthwise', 'pointwise', 'bias')}`,
    keras2Fields: OF_CONV,
  },
};

const CAUSAL: RefusedField = {
  loaders: ['tfjs'],
  field: 'padding',
  reason: 'is "causal", which it loads but cannot compute',
  stops: (value) => typeof value === 'string' && value.toLowerCase() === 'causal',
};

const DILATION = ignoredByTfjs('dilation_rate', isAllOnes);

const REFUSED_FIELDS: Readonly<Record<Kind, readonly RefusedField[]>> = {
  standard: [
    CAUSAL,
    PADDING_IN_CAPITALS,
    {
      ...ignoredByTfjs('groups', isAllOnes),
      reason: 'is not 1: it ignores that, and no weights fit then',
      isSilent: false,
    },
  ],
  depthwise: [PADDING_IN_CAPITALS, DILATION],
  transposed: [PADDING_IN_CAPITALS, DILATION, ignoredByTfjs('output_padding', () => false)],
  separable: [
    PADDING_IN_CAPITALS,
    ...['kernel_initializer', 'kernel_regularizer', 'kernel_constraint'].map(
      (field): RefusedField => ({
        loaders: ['tfjs'],
        field,
        reason: 'is set: it wants the depthwise and the pointwise one',
        stops: (value) => value !== undefined && value !== null,
      }),
    ),
    // It adds the bias before it turns the channels to the front.
    ignoredByTfjs('data_format', (value) => value === 'channels_last'),
  ],
};

const inputChannels = (config: PlainObject, input: Shape | undefined): number | null =>
  input === undefined ? null : (input[channelsAxis(config, input.length)] ?? null);

const multiplier = (config: PlainObject) => numberIn(config, 'depth_multiplier') ?? 1;

function outputChannels(config: PlainObject, kind: Kind, input: Shape | undefined): number | null {
  if (kind !== 'depthwise') return numberIn(config, 'filters') ?? null;
  const channels = inputChannels(config, input);
  return channels === null ? null : channels * multiplier(config);
}

function outputSize(config: PlainObject, kind: Kind, size: number | null, axis: number, rank: Rank): number | null {
  const kernel = perAxis(config, 'kernel_size', rank)?.[axis];
  if (size === null || kernel === undefined) return null;
  const stride = perAxis(config, 'strides', rank)?.[axis] ?? 1;
  const dilation = perAxis(config, 'dilation_rate', rank)?.[axis] ?? 1;
  const extent = (kernel - 1) * dilation + 1;
  const padding = paddingOf(config);
  if (kind === 'transposed') {
    const extra = perAxis(config, 'output_padding', rank)?.[axis];
    if (extra !== undefined)
      return (size - 1) * stride + extent - (padding === 'same' ? 2 * Math.floor(extent / 2) : 0) + extra;
    return padding === 'same' ? size * stride : size * stride + Math.max(extent - stride, 0);
  }
  return padding === 'valid' ? Math.max(Math.ceil((size - extent + 1) / stride), 0) : Math.ceil(size / stride);
}

function convolutionWeights(
  config: PlainObject,
  kind: Kind,
  rank: Rank,
  channels: number | null,
): readonly WeightFact[] {
  const kernel = perAxis(config, 'kernel_size', rank) ?? Array<null>(rank).fill(null);
  const filters = numberIn(config, 'filters') ?? null;
  const times = multiplier(config);
  const expanded = channels === null ? null : channels * times;
  const groups = numberIn(config, 'groups') ?? 1;
  const perGroup = channels === null ? null : channels / groups;
  const depthwise: WeightFact = { name: 'depthwise_kernel', base: 'depthwise', shape: [...kernel, channels, times] };
  const kernels: Record<Kind, readonly WeightFact[]> = {
    standard: [{ name: 'kernel', base: 'kernel', shape: [...kernel, perGroup, filters] }],
    transposed: [{ name: 'kernel', base: 'kernel', shape: [...kernel, filters, channels] }],
    depthwise: [{ ...depthwise, keras3Name: 'kernel' }],
    separable: [
      depthwise,
      { name: 'pointwise_kernel', base: 'pointwise', shape: [...Array<number>(rank).fill(1), expanded, filters] },
    ],
  };
  const bias: WeightFact = { name: 'bias', base: 'bias', shape: [kind === 'depthwise' ? expanded : filters] };
  return config.use_bias === false ? kernels[kind] : [...kernels[kind], bias];
}

function convolutionMacs(
  config: PlainObject,
  kind: Kind,
  rank: Rank,
  input: Shape | undefined,
  output: Shape | undefined,
): number | null {
  const places = kind === 'transposed' ? input : output;
  const pixels = elementCount(isChannelsFirst(config) ? places?.slice(2) : places?.slice(1, -1));
  const perPixel = convolutionWeights(config, kind, rank, inputChannels(config, input))
    .filter((weight) => weight.base !== 'bias')
    .map((weight) => elementCount(weight.shape));
  return perPixel.reduce<number | null>(
    (total, count) => (total === null || count === null || pixels === null ? null : total + count * pixels),
    0,
  );
}

/** A convolution with separate kernels for every place. */
const locallyConnected = (className: string): LayerFacts => ({
  className,
  role: 'other',
  loads: ['keras2'],
  fields: `filters implementation ${ALIKE} ${initialized('kernel', 'bias')}`,
  // How it is implemented decides the shape of its kernel.
  weights: ({ use_bias: hasBias }) =>
    ['kernel', ...(hasBias === false ? [] : ['bias'])].map((name) => ({ name, base: name, shape: undefined })),
});

export const CONVOLUTIONS: readonly LayerFacts[] = [
  convolution('Conv1D', 'standard', 1, ALL),
  convolution('Conv2D', 'standard', 2, ALL),
  convolution('Conv3D', 'standard', 3, ALL),
  convolution('DepthwiseConv1D', 'depthwise', 1, KERAS),
  convolution('DepthwiseConv2D', 'depthwise', 2, ALL),
  convolution('SeparableConv1D', 'separable', 1, KERAS),
  convolution('SeparableConv2D', 'separable', 2, ALL),
  convolution('Conv1DTranspose', 'transposed', 1, KERAS),
  convolution('Conv2DTranspose', 'transposed', 2, ALL),
  convolution('Conv3DTranspose', 'transposed', 3, ALL),
  locallyConnected('LocallyConnected1D'),
  locallyConnected('LocallyConnected2D'),
];
