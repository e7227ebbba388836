import type { Plain, PlainObject } from '../json/json-value.js';
import { factsOf } from './known-layers.js';
import type { LayerFacts } from './layer-facts.js';

// Which numbers a config may hold where a size is computed with them: docs/HOSTILE.md, row 7. What a loader accepts stands
// here too, such as null for a default. Absent fields and serialised objects (a `__tuple__`) are not looked at.

interface SizeRule {
  /** What the field wants, to be put behind "it wants". */
  readonly wants: string;
  readonly admits: (value: Plain) => boolean;
}

/** A field that does not hold what its layer wants. */
export interface BadSize {
  readonly field: string;
  readonly value: Plain;
  readonly wants: string;
}

const isWhole = (value: Plain | undefined, least: number): boolean =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= least;

const isListOf = (value: Plain, admits: (item: Plain) => boolean): value is readonly Plain[] =>
  Array.isArray(value) && value.every((item) => admits(item));

/** Whether people who multiply sizes in turn get an exact number. */
const isCountable = (sizes: readonly Plain[]): boolean =>
  sizes.reduce<number>((product, size) => product * Math.max(typeof size === 'number' ? size : 1, 1), 1) <=
  Number.MAX_SAFE_INTEGER;

const wholeNumber = (least: number): SizeRule => ({
  wants: `a whole number of ${least} or more`,
  admits: (value) => isWhole(value, least),
});

/** `2` or `[2, 2]`. */
const perAxis = (least: number, rank: number | undefined): SizeRule => ({
  wants: `a whole number of ${least} or more${rank === undefined ? '' : `, or a list of ${rank}`}`,
  admits: (value) =>
    isWhole(value, least) ||
    (isListOf(value, (item) => isWhole(item, least)) && (rank === undefined || value.length === rank)),
});

/** `1`, `[1, 2]` or `[[1, 2], [3, 4]]`. */
const BOTH_ENDS: SizeRule = {
  wants: 'whole numbers of 0 or more',
  admits: (value) =>
    isWhole(value, 0) || isListOf(value, (item) => isWhole(item, 0) || isListOf(item, (end) => isWhole(end, 0))),
};

const AXES: SizeRule = {
  wants: 'a whole number, or a list of them',
  admits: (value) =>
    isWhole(value, -Number.MAX_SAFE_INTEGER) || isListOf(value, (item) => isWhole(item, -Number.MAX_SAFE_INTEGER)),
};

const INPUT_SHAPE: SizeRule = {
  wants: 'a list of whole numbers of 0 or more, null where a size is open, and no more elements than can be counted',
  admits: (value) => isListOf(value, (item) => item === null || isWhole(item, 0)) && isCountable(value),
};

const TARGET_SHAPE: SizeRule = {
  wants: 'a list of whole numbers of 0 or more, one of them -1 at the most',
  admits: (value) =>
    isListOf(value, (item) => item === null || isWhole(item, -1)) &&
    value.filter((item) => item === -1).length <= 1 &&
    isCountable(value),
};

const orNull = ({ wants, admits }: SizeRule): SizeRule => ({
  wants,
  admits: (value) => value === null || admits(value),
});

const groupsOfNorm: SizeRule = {
  wants: 'a whole number of 1 or more, or -1',
  admits: (value) => value === -1 || isWhole(value, 1),
};

type Rules = Readonly<Record<string, SizeRule>>;

const RULES: readonly {
  readonly speaksOf: (facts: LayerFacts) => boolean;
  readonly rules: (facts: LayerFacts) => Rules;
}[] = [
  {
    speaksOf: ({ role }) => role === 'convolution',
    rules: ({ spatialRank, convolution }) => ({
      filters: convolution === 'depthwise' ? orNull(wholeNumber(1)) : wholeNumber(1),
      kernel_size: perAxis(1, spatialRank),
      strides: orNull(perAxis(1, spatialRank)),
      dilation_rate: orNull(perAxis(1, spatialRank)),
      output_padding: orNull(perAxis(0, spatialRank)),
      depth_multiplier: orNull(wholeNumber(1)),
      groups: orNull(wholeNumber(1)),
    }),
  },
  {
    speaksOf: ({ role }) => role === 'pool',
    rules: ({ spatialRank }) => ({
      pool_size: orNull(perAxis(1, spatialRank)),
      strides: orNull(perAxis(1, spatialRank)),
    }),
  },
  {
    speaksOf: ({ role }) => role === 'upsampling',
    rules: ({ spatialRank }) => ({ size: orNull(perAxis(1, spatialRank)) }),
  },
  // The rows below speak of single classes, or of fields that mean the same in all of them.
  { speaksOf: of('ZeroPadding1D', 'ZeroPadding2D', 'ZeroPadding3D'), rules: () => ({ padding: orNull(BOTH_ENDS) }) },
  { speaksOf: of('Cropping1D', 'Cropping2D', 'Cropping3D'), rules: () => ({ cropping: orNull(BOTH_ENDS) }) },
  { speaksOf: of('Dense', 'LSTM', 'GRU', 'SimpleRNN'), rules: () => ({ units: wholeNumber(0) }) },
  { speaksOf: of('Embedding'), rules: () => ({ input_dim: wholeNumber(1), output_dim: wholeNumber(1) }) },
  { speaksOf: of('Reshape'), rules: () => ({ target_shape: TARGET_SHAPE }) },
  { speaksOf: of('Permute'), rules: () => ({ dims: perAxis(1, undefined) }) },
  { speaksOf: of('RepeatVector'), rules: () => ({ n: wholeNumber(0) }) },
  { speaksOf: of('PReLU'), rules: () => ({ shared_axes: orNull(AXES) }) },
  { speaksOf: of('Softmax'), rules: () => ({ axis: orNull(AXES) }) },
  { speaksOf: of('GroupNormalization'), rules: () => ({ groups: groupsOfNorm }) },
  { speaksOf: ({ role }) => role === 'norm' || role === 'concatenate', rules: () => ({ axis: orNull(AXES) }) },
  { speaksOf: of('InputLayer'), rules: () => ({ batch_shape: orNull(INPUT_SHAPE) }) },
  // Every layer of Keras 2 and TensorFlow.js may be the first, a custom one too.
  {
    speaksOf: () => true,
    rules: () => ({ batch_input_shape: orNull(INPUT_SHAPE), batchInputShape: orNull(INPUT_SHAPE) }),
  },
];

function of(...classNames: readonly string[]): (facts: LayerFacts) => boolean {
  return ({ className }) => classNames.includes(className);
}

/** The first size in a layer's config that no loader takes; classes that are not known are not judged. */
export function findBadSize(className: string, config: PlainObject): BadSize | undefined {
  const facts = factsOf(className, config);
  for (const { speaksOf, rules } of RULES) {
    if (!speaksOf(facts)) continue;
    for (const [field, { wants, admits }] of Object.entries(rules(facts))) {
      const value = config[field];
      const isPlainSize = value === null || typeof value !== 'object' || Array.isArray(value);
      if (value !== undefined && isPlainSize && !admits(value)) return { field, value, wants };
    }
  }
  return undefined;
}
