import type { PlainObject } from '../../json/json-value.js';
import { type Layer, listGraphs, type Model } from '../../model/model.js';
import { pathKey } from '../../model/weight-key.js';
import { inDialectOf } from '../convert-model.js';

/** A layer of the first model that is another in the second: by its class, or by a setting. */
export interface ChangedLayer {
  /** The layer, behind the nested models it lies in. */
  readonly layer: string;
  /** `class_name`, or the field of its config. */
  readonly field: string;
}

/** Settings that decide what a layer computes, and that every program writes in the same way. */
const TELLING: readonly string[] = [
  'activation',
  'recurrent_activation',
  'units',
  'filters',
  'kernel_size',
  'strides',
  'padding',
  'dilation_rate',
  'groups',
  'depth_multiplier',
  'pool_size',
  'use_bias',
  'epsilon',
  'alpha',
  'negative_slope',
  'max_value',
  'threshold',
  'theta',
  'rate',
  'size',
  'interpolation',
];

/**
 * Layers of a model that are set otherwise in another. Outputs for a few inputs may be equal all the same: a ReLU6 is a
 * ReLU until something exceeds 6. Settings that one of the two does not write at all are passed over.
 */
export function compareLayers(before: Model, after: Model): readonly ChangedLayer[] {
  const others = new Map(listLayers(after).map(({ path, layer }) => [pathKey(path), layer]));
  return listLayers(inDialectOf(after, before)).flatMap(({ path, layer }) => {
    const other = others.get(pathKey(path));
    const field = other && findChange(layer, other);
    return field === undefined ? [] : [{ layer: path.join('/'), field }];
  });
}

const listLayers = ({ graph: root }: Model): readonly { readonly path: readonly string[]; readonly layer: Layer }[] =>
  [...listGraphs(root)].flatMap(({ graph, path }) =>
    graph.layers
      .filter((layer) => layer.graph === undefined && !layer.isOperation)
      .map((layer) => ({ path: [...path, layer.name], layer })),
  );

function findChange(before: Layer, after: Layer): string | undefined {
  if (before.className !== after.className) return 'class_name';
  return TELLING.find(
    (field) =>
      field in before.settings &&
      field in after.settings &&
      writtenAs(before.settings, field) !== writtenAs(after.settings, field),
  );
}

/** A list of equal numbers is the number. */
function writtenAs(settings: PlainObject, field: string): string {
  const value = settings[field] ?? null;
  const isRepeated = Array.isArray(value) && value.length > 0 && value.every((each) => each === value[0]);
  return JSON.stringify(isRepeated ? value[0] : value);
}
