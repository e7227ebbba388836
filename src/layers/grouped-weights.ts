import type { WeightFact } from './layer-facts.js';

interface Holder {
  /** The object that holds the layer, where its path is another than that of its group. */
  readonly object?: string;
  /** Stands before the names. */
  readonly prefix?: string;
}

/** Variables of a layer inside another one, which have their own group in a `.weights.h5`. */
export const grouped = (
  facts: readonly WeightFact[],
  group: string,
  { object = group, prefix = '' }: Holder = {},
): readonly WeightFact[] =>
  facts.map(({ name, keras3Name, path, keras3Path, alsoAt, owner, ...fact }, index) => ({
    ...fact,
    name: `${prefix}${name}`,
    ...(keras3Name !== undefined && { keras3Name: `${prefix}${keras3Name}` }),
    path: `${group}/${path ?? `vars/${index}`}`,
    ...(keras3Path !== undefined && { keras3Path: `${group}/${keras3Path}` }),
    ...(alsoAt !== undefined && { alsoAt: `${group}/${alsoAt}` }),
    owner: owner === undefined ? object : `${object}/${owner}`,
  }));
