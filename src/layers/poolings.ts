import type { Plain, PlainObject } from '../json/json-value.js';
import { featureShape, isChannelsFirst, paddingOf, perAxis, spatialAxes } from './config.js';
import {
  ALL,
  commutes,
  INTERPOLATION,
  ignoredByTfjs,
  KERAS,
  type LayerFacts,
  type Loader,
  PADDING_IN_CAPITALS,
  type Shape,
} from './layer-facts.js';
import { BOTH_ENDS, onePerAxis, orNull, type SizeRules } from './size-rules.js';

type Rank = 1 | 2 | 3;
type Size = number | null;
type Pooling = 'Average' | 'Max';

const channelsOf = (config: PlainObject, input: Shape): Size =>
  (isChannelsFirst(config) ? input[1] : input.at(-1)) ?? null;

/** A layer that changes each spatial size by itself and keeps the channels; a positive factor passes. */
function resizing(
  className: string,
  role: LayerFacts['role'],
  rank: Rank,
  loads: readonly Loader[],
  resize: (config: PlainObject, size: Size, axis: number) => Size,
  resolution?: (config: PlainObject) => readonly number[],
): LayerFacts {
  return {
    className,
    role,
    spatialRank: rank,
    loads,
    weights: () => [],
    inputClue: () => ({ rank: rank + 2 }),
    scaling: commutes,
    outputShape: (config, [input]) => {
      if (input === undefined) return undefined;
      const spatial = spatialAxes(config, rank).map((axis, index) => resize(config, input[axis] ?? null, index));
      return featureShape(config, input[0] ?? null, spatial, channelsOf(config, input));
    },
    ...(resolution === undefined ? {} : { resolution }),
  };
}

function pool(pooling: Pooling, rank: Rank): LayerFacts {
  const windowOf = (config: PlainObject) => perAxis(config, 'pool_size', rank) ?? Array<number>(rank).fill(2);
  const stridesOf = (config: PlainObject) => perAxis(config, 'strides', rank) ?? windowOf(config);
  const resize = (config: PlainObject, size: Size, axis: number): Size => {
    if (size === null) return null;
    const stride = stridesOf(config)[axis]!;
    const covered = paddingOf(config) === 'valid' ? size - windowOf(config)[axis]! + 1 : size;
    return Math.max(Math.ceil(covered / stride), 0);
  };
  return {
    ...resizing(`${pooling}Pooling${rank}D`, 'pool', rank, ALL, resize, stridesOf),
    averages: pooling === 'Average',
    keepsOnlyOutput: rank === 2,
    fields: 'pool_size padding strides data_format',
    sizes: poolSizes(rank),
    // Keras 3 takes the words in any letters for convolutions alone.
    refusedFields: [{ ...PADDING_IN_CAPITALS, loaders: ['tfjs', 'keras3'] }],
  };
}

const poolSizes = (rank?: Rank): SizeRules => ({
  pool_size: orNull(onePerAxis(1, rank)),
  strides: orNull(onePerAxis(1, rank)),
});

/** Facts of a Keras 3 pooling operation: its rank is that of its window, or of its input. */
export function poolOperation(): Pick<LayerFacts, 'role' | 'sizes' | 'outputShape' | 'resolution' | 'scaling'> {
  const factsFor = (config: PlainObject, input?: Shape): LayerFacts => {
    const rank = Array.isArray(config.pool_size) ? config.pool_size.length : (input?.length ?? 4) - 2;
    return pool('Max', rank === 1 || rank === 3 ? rank : 2);
  };
  return {
    role: 'pool',
    sizes: poolSizes(),
    scaling: commutes,
    resolution: (config) => factsFor(config).resolution!(config),
    outputShape: (config, inputs) => factsFor(config, inputs[0]).outputShape!(config, inputs),
  };
}

/**
 * The settings of a pooling of maps from the arguments of a call, of a TensorFlow function or a Keras 3 operation; undefined
 * where one of them is not known.
 */
export function calledPooling(call: PlainObject): PlainObject | undefined {
  const { name: _, ksize, pool_size = ksize, strides, padding, data_format, ...others } = call;
  const [window, steps] = [pool_size, strides ?? pool_size].map(perPlace);
  const ends = String(padding).toLowerCase();
  const isKnown = Object.values(others).every((value) => value === null || value === undefined);
  if (window === undefined || steps === undefined || !isKnown || (ends !== 'same' && ends !== 'valid'))
    return undefined;
  if (!['NHWC', 'channels_last'].includes(String(data_format ?? 'NHWC'))) return undefined;
  return { pool_size: window, strides: steps, padding: ends, data_format: 'channels_last' };
}

/** Returns a window's size or steps, of which TensorFlow takes one number, two, or four with the batch and the channels. */
function perPlace(value: Plain | undefined): readonly number[] | undefined {
  const sizes = [value].flat() as readonly Plain[];
  if (!sizes.every((size) => typeof size === 'number')) return undefined;
  if (sizes.length === 1) return [sizes[0]!, sizes[0]!];
  if (sizes.length === 2) return sizes;
  return sizes.length === 4 && sizes[0] === 1 && sizes[3] === 1 ? sizes.slice(1, 3) : undefined;
}

function globalPool(pooling: Pooling, rank: Rank): LayerFacts {
  return {
    className: `Global${pooling}Pooling${rank}D`,
    role: 'global-pool',
    averages: pooling === 'Average',
    keepsOnlyOutput: rank === 2,
    spatialRank: rank,
    loads: rank === 3 ? KERAS : ALL,
    // In Keras it leaves masked steps out of the mean.
    ...(pooling === 'Average' && rank === 1 ? { takesMask: 'alike', masksDifferIn: ['tfjs'] } : {}),
    fields: 'data_format keepdims',
    weights: () => [],
    inputClue: () => ({ rank: rank + 2 }),
    scaling: commutes,
    outputShape: (config, [input]) => {
      if (input === undefined) return undefined;
      const channels = channelsOf(config, input);
      if (config.keepdims !== true) return [input[0] ?? null, channels];
      return featureShape(config, input[0] ?? null, Array<number>(rank).fill(1), channels);
    },
  };
}

const scaleOf = (config: PlainObject, rank: Rank) => perAxis(config, 'size', rank) ?? Array<number>(rank).fill(2);

/** Size rules of an upsampling layer or operation; an operation's rank is not known. */
export const upsamplingSizes = (rank?: Rank): SizeRules => ({ size: orNull(onePerAxis(1, rank)) });

const upsampling = (className: string, rank: Rank, loads: readonly Loader[]): LayerFacts => ({
  ...resizing(
    className,
    'upsampling',
    rank,
    loads,
    (config, size, axis) => (size === null ? null : size * scaleOf(config, rank)[axis]!),
    (config) => scaleOf(config, rank).map((scale) => 1 / scale),
  ),
  fields: 'size data_format interpolation',
  sizes: upsamplingSizes(rank),
});

/** Sums the padding or cropping at both ends of an axis: 1, [1, 2] (one per axis, or the two ends), [[1, 2], ...]. */
function bothEnds(config: PlainObject, key: string, axis: number, rank: Rank): number | null {
  const value = config[key];
  if (typeof value === 'number') return 2 * value;
  if (!Array.isArray(value)) return null;
  if (rank === 1) return typeof value[0] === 'number' && typeof value[1] === 'number' ? value[0] + value[1] : null;
  const ends = value[axis];
  if (typeof ends === 'number') return 2 * ends;
  return Array.isArray(ends) && typeof ends[0] === 'number' && typeof ends[1] === 'number' ? ends[0] + ends[1] : null;
}

const border = (className: string, rank: Rank, loads: readonly Loader[], key: string, sign: 1 | -1): LayerFacts => ({
  ...resizing(className, 'reshape', rank, loads, (config, size, axis) => {
    const change = bothEnds(config, key, axis, rank);
    return size === null || change === null ? null : size + sign * change;
  }),
  fields: `${key} data_format`,
  keeps: 'channels',
  sizes: { [key]: orNull(BOTH_ENDS) },
});

export const POOLINGS: readonly LayerFacts[] = (['Average', 'Max'] as const).flatMap((pooling) =>
  ([1, 2, 3] as const).flatMap((rank) => [pool(pooling, rank), globalPool(pooling, rank)]),
);

export const RESIZINGS: readonly LayerFacts[] = [
  upsampling('UpSampling1D', 1, KERAS),
  {
    ...upsampling('UpSampling2D', 2, ALL),
    // Its bilinear points lie at the pixels' corners, Keras' at their centres.
    refusedFields: [
      {
        ...ignoredByTfjs('interpolation', (value) => value === 'nearest'),
        reason: 'takes other places of the pixels there',
      },
      INTERPOLATION,
    ],
  },
  upsampling('UpSampling3D', 3, KERAS),
  {
    ...border('ZeroPadding1D', 1, KERAS, 'padding', 1),
    fields: 'padding',
    keras3Fields: { data_format: 'channels_last' },
  },
  { ...border('ZeroPadding2D', 2, ALL, 'padding', 1), keepsOnlyOutput: true },
  border('ZeroPadding3D', 3, KERAS, 'padding', 1),
  border('Cropping1D', 1, KERAS, 'cropping', -1),
  border('Cropping2D', 2, ALL, 'cropping', -1),
  border('Cropping3D', 3, KERAS, 'cropping', -1),
];
