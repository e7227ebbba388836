import { isPlainObject, type Plain, type PlainObject } from '../json/json-value.js';
import { type Activation, readActivation } from './activations.js';
import { type ObjectKind, objectKind } from './config-objects.js';

/** A layer inside another layer's config: the one that Bidirectional, TimeDistributed or RNN runs. */
export interface WrappedLayer {
  readonly className: string;
  readonly config: PlainObject;
  readonly hasModule: boolean;
}

/** Content of a field in a layer's config, for all that read configs: verdict, translation, carried code. */
export type ConfigField =
  | { readonly kind: 'activation'; readonly activation: Activation }
  | { readonly kind: 'layers'; readonly layers: readonly WrappedLayer[] }
  | { readonly kind: 'object'; readonly objectKind: ObjectKind }
  | { readonly kind: 'dtype' }
  | { readonly kind: 'plain' };

const LAYER_FIELDS: readonly string[] = ['layer', 'layers', 'backward_layer', 'cell', 'cells'];

const DTYPE: ConfigField = { kind: 'dtype' };
const PLAIN: ConfigField = { kind: 'plain' };

export function readField(key: string, value: Plain | undefined): ConfigField {
  if (key.endsWith('activation')) return { kind: 'activation', activation: readActivation(value) };
  if (LAYER_FIELDS.includes(key)) return { kind: 'layers', layers: listWrappedLayers(value) };
  if (key === 'dtype') return DTYPE;
  const kind = objectKind(key);
  return kind === undefined ? PLAIN : { kind: 'object', objectKind: kind };
}

function listWrappedLayers(value: Plain | undefined): readonly WrappedLayer[] {
  const values = Array.isArray(value) ? (value as readonly Plain[]) : [value];
  return values.flatMap((each) => {
    if (!isPlainObject(each) || typeof each.class_name !== 'string' || !isPlainObject(each.config)) return [];
    return [{ className: each.class_name, config: each.config, hasModule: each.module !== undefined }];
  });
}
