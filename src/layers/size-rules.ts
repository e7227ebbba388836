import type { Plain } from '../json/json-value.js';

// Values that a config may hold where a size is computed with them: docs/HOSTILE.md, row 7. Values that a loader
// accepts besides stand here too, such as null for a default. Absent fields and serialised objects (a `__tuple__`) are
// not checked.

export interface SizeRule {
  /** Description of the values that the field takes, to follow "it wants". */
  readonly wants: string;
  readonly admits: (value: Plain) => boolean;
}

/** The rules of a class, by field. */
export type SizeRules = Readonly<Record<string, SizeRule>>;

const isWhole = (value: Plain | undefined, least: number): boolean =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= least;

const isListOf = (value: Plain, admits: (item: Plain) => boolean): value is readonly Plain[] =>
  Array.isArray(value) && value.every((item) => admits(item));

/** Tells whether the product of the sizes, multiplied in turn, is exact. */
const isCountable = (sizes: readonly Plain[]): boolean =>
  sizes.reduce<number>((product, size) => product * Math.max(typeof size === 'number' ? size : 1, 1), 1) <=
  Number.MAX_SAFE_INTEGER;

export const wholeNumber = (least: number): SizeRule => ({
  wants: `a whole number of ${least} or more`,
  admits: (value) => isWhole(value, least),
});

/** `2` or `[2, 2]`. */
export const onePerAxis = (least: number, rank: number | undefined): SizeRule => ({
  wants: `a whole number of ${least} or more${rank === undefined ? '' : `, or a list of ${rank}`}`,
  admits: (value) =>
    isWhole(value, least) ||
    (isListOf(value, (item) => isWhole(item, least)) && (rank === undefined || value.length === rank)),
});

/** `1`, `[1, 2]` or `[[1, 2], [3, 4]]`. */
export const BOTH_ENDS: SizeRule = {
  wants: 'whole numbers of 0 or more',
  admits: (value) =>
    isWhole(value, 0) || isListOf(value, (item) => isWhole(item, 0) || isListOf(item, (end) => isWhole(end, 0))),
};

export const AXES: SizeRule = {
  wants: 'a whole number, or a list of them',
  admits: (value) =>
    isWhole(value, -Number.MAX_SAFE_INTEGER) || isListOf(value, (item) => isWhole(item, -Number.MAX_SAFE_INTEGER)),
};

export const INPUT_SHAPE: SizeRule = {
  wants: 'a list of whole numbers of 0 or more, null where a size is open, and no more elements than can be counted',
  admits: (value) => isListOf(value, (item) => item === null || isWhole(item, 0)) && isCountable(value),
};

export const TARGET_SHAPE: SizeRule = {
  wants: 'a list of whole numbers of 0 or more, one of them -1 at the most',
  admits: (value) =>
    isListOf(value, (item) => item === null || isWhole(item, -1)) &&
    value.filter((item) => item === -1).length <= 1 &&
    isCountable(value),
};

export const orNull = ({ wants, admits }: SizeRule): SizeRule => ({
  wants,
  admits: (value) => value === null || admits(value),
});

export const GROUPS_OF_NORM: SizeRule = {
  wants: 'a whole number of 1 or more, or -1',
  admits: (value) => value === -1 || isWhole(value, 1),
};
