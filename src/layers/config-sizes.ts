import type { Plain, PlainObject } from '../json/json-value.js';
import { factsOf } from './known-layers.js';
import { INPUT_SHAPE, orNull, type SizeRules } from './size-rules.js';

/** A field whose value does not fit its layer. */
export interface BadSize {
  readonly field: string;
  readonly value: Plain;
  readonly wants: string;
}

// Every layer of Keras 2 and TensorFlow.js may be the first, a custom one too.
const ANY_LAYER: SizeRules = { batch_input_shape: orNull(INPUT_SHAPE), batchInputShape: orNull(INPUT_SHAPE) };

/** The first size in a layer's config that no loader takes; classes that are not known are not judged. */
export function findBadSize(className: string, config: PlainObject): BadSize | undefined {
  const { sizes } = factsOf(className, config);
  for (const [field, { wants, admits }] of [...Object.entries(sizes ?? {}), ...Object.entries(ANY_LAYER)]) {
    const value = config[field];
    const isPlainSize = value === null || typeof value !== 'object' || Array.isArray(value);
    if (value !== undefined && isPlainSize && !admits(value)) return { field, value, wants };
  }
  return undefined;
}
