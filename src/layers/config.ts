import type { Plain, PlainObject } from '../json/json-value.js';
import type { Shape } from './layer-facts.js';

// Reading a layer's config: every writer leaves out or abbreviates something (2 for [2, 2], null for the default).

export const numberIn = (config: PlainObject, key: string): number | undefined => {
  const value = config[key];
  return typeof value === 'number' ? value : undefined;
};

/** Returns the padding of a map's border in lower case: Keras takes capitals too. */
export const paddingOf = (config: PlainObject): string => (stringIn(config, 'padding') ?? 'valid').toLowerCase();

export const stringIn = (config: PlainObject, key: string): string | undefined => {
  const value = config[key];
  return typeof value === 'string' ? value : undefined;
};

/** One number an axis: `2` and `[2, 2]` say the same. Undefined where the config says nothing usable. */
export function perAxis(config: PlainObject, key: string, rank: number): readonly number[] | undefined {
  const value = config[key];
  if (typeof value === 'number') return Array<number>(rank).fill(value);
  if (!Array.isArray(value) || value.length !== rank || !value.every((axis) => typeof axis === 'number')) return;
  return value as readonly number[];
}

export const isChannelsFirst = (config: PlainObject): boolean => config.data_format === 'channels_first';

/** Returns the axis of the channels in a shape of this rank, batch included. */
export const channelsAxis = (config: PlainObject, rank: number): number => (isChannelsFirst(config) ? 1 : rank - 1);

export const spatialAxes = (config: PlainObject, spatialRank: number): readonly number[] =>
  Array.from({ length: spatialRank }, (_, axis) => axis + (isChannelsFirst(config) ? 2 : 1));

/** Builds a shape from its parts, in the order of the config's data format. */
export function featureShape(
  config: PlainObject,
  batch: number | null,
  spatial: readonly (number | null)[],
  channels: number | null,
): Shape {
  return isChannelsFirst(config) ? [batch, channels, ...spatial] : [batch, ...spatial, channels];
}

/** An axis counted from the front; Keras 2 writes one axis as a list of one. */
export function axisOf(value: Plain | undefined, rank: number): number | undefined {
  const axis = Array.isArray(value) && value.length === 1 ? value[0] : value;
  if (typeof axis !== 'number') return undefined;
  return axis < 0 ? axis + rank : axis;
}

/** The product of all dimensions; null if one of them is unknown. */
export function elementCount(dimensions: readonly (number | null)[] | undefined): number | null {
  if (dimensions === undefined) return null;
  return dimensions.reduce<number | null>(
    (product, size) => (product === null || size === null ? null : product * size),
    1,
  );
}

/** Tells whether the loss or the optimizer depends on the variable itself: doubling it would then change training. */
export const isConstrainedOrRegularized = (config: PlainObject, base: string): boolean =>
  isSet(config[`${base}_regularizer`]) || isSet(config[`${base}_constraint`]);

export const hasActivityRegularizer = (config: PlainObject): boolean => isSet(config.activity_regularizer);

const isSet = (value: Plain | undefined) => value !== undefined && value !== null;
