import type { PlainObject } from '../json/json-value.js';
import { type Layer, listGraphs, type Model } from '../model/model.js';
import { inWordsOf } from './in-words-of.js';

/** A layer of the first model that is another in the second: by its class, or by a setting. */
export interface ChangedLayer {
  /** The layer, behind the nested models it lies in. */
  readonly layer: string;
  /** `class_name`, or the field of its config. */
  readonly field: string;
}

/** Settings that compute nothing, or that every program writes in its own way. */
const OF_NO_ACCOUNT =
  /^(?:name|trainable|dtype|batch_shape|batch_input_shape|input_shape|.*(?:initializer|regularizer|constraint))$/;

/**
 * Layers of a model that are set otherwise in another. Outputs for a few inputs may be equal all the same: a ReLU6 is a
 * ReLU until something exceeds 6. Settings that one of the two does not write at all are passed over.
 */
export function compareLayers(before: Model, after: Model): readonly ChangedLayer[] {
  const others = new Map(listLayers(after).map(({ path, layer }) => [JSON.stringify(path), layer]));
  return listLayers(inWordsOf(after, before)).flatMap(({ path, layer }) => {
    const other = others.get(JSON.stringify(path));
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
  return Object.keys(before.settings).find(
    (field) =>
      field in after.settings &&
      !OF_NO_ACCOUNT.test(field) &&
      writtenAs(before.settings, field) !== writtenAs(after.settings, field),
  );
}

const writtenAs = (settings: PlainObject, field: string): string => JSON.stringify(settings[field] ?? null);
