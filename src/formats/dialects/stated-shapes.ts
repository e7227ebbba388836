import {
  fromPlain,
  getMember,
  isArray,
  isObject,
  type JsonObject,
  type JsonValue,
  mapItems,
  mapMembers,
  numberOf,
  stringOf,
  toPlain,
  withMember,
} from '../../json/json-value.js';
import type { Shape } from '../../layers/layer-facts.js';
import type { Call, Layer, NewSize } from '../../model/model.js';

/** Parses a shape that a file states; undefined for other values, and for an empty one, which means unknown. */
export function statedShape(json: JsonValue | undefined): Shape | undefined {
  if (!isArray(json) || json.items.length === 0) return undefined;
  const sizes = toPlain(json) as readonly unknown[];
  return sizes.every((size) => size === null || (Number.isSafeInteger(size) && (size as number) > 0))
    ? (sizes as Shape)
    : undefined;
}

/**
 * A layer with the shapes that the file states of what its calls read: those beside the tensors, and those that the
 * layer was built for. The latter are the first call's, which may be one of another model: they count where there is
 * one call only.
 * Source: `get_build_config` in keras/src/layers/layer.py and tf_keras/src/engine/base_layer.py.
 */
export function withStatedShapes(layer: Layer, beside: readonly (readonly (Shape | null)[] | undefined)[]): Layer {
  const built = layer.calls.length === 1 ? builtShapes(layer.entry) : [];
  const calls = layer.calls.map((call, index): Call => {
    const stated = call.inputs.map((_, input) =>
      [beside[index]?.[input], call.inputs.length === built.length ? built[input] : undefined].filter(
        (shape) => shape !== undefined && shape !== null,
      ),
    );
    return stated.some((shapes) => shapes.length > 0) ? { ...call, stated } : call;
  });
  return { ...layer, calls };
}

function builtShapes(entry: JsonObject | undefined): readonly (Shape | undefined)[] {
  const written = getMember(getMember(entry, 'build_config'), 'input_shape');
  const one = statedShape(written);
  if (one !== undefined) return [one];
  return isArray(written) ? written.items.map((item) => statedShape(item.value)) : [];
}

/** Tells whether a value is a tensor as Keras 3 writes it: with its shape. */
export const isTensor = (value: JsonValue): value is JsonObject =>
  isObject(value) && stringOf(getMember(value, 'class_name')) === '__keras_tensor__';

/** A layer whose entry and calls state the new sizes of what it reads. */
export const withNewSizes = (layer: Layer): Layer => (layer.newSizes ?? []).reduce(withNewSize, layer);

function withNewSize(layer: Layer, { before, after }: NewSize): Layer {
  const resize = (shape: JsonValue): JsonValue => {
    if (!isArray(shape)) return shape;
    const at = shape.items.findLastIndex(({ value }, index) => index > 0 && numberOf(value) === before);
    return mapItems(shape, (size, index) => (index === at ? fromPlain(after) : size));
  };
  const inShape = (json: JsonValue, wanted: string): JsonValue =>
    isObject(json) ? mapMembers(json, (value, key) => (key === wanted ? resize(value) : value)) : json;
  const inTensors = (json: JsonValue): JsonValue => {
    if (isArray(json)) return mapItems(json, inTensors);
    if (!isObject(json)) return json;
    const config = getMember(json, 'config');
    return isTensor(json) && isObject(config)
      ? withMember(json, 'config', inShape(config, 'shape'))
      : mapMembers(json, inTensors);
  };
  const entry =
    layer.entry &&
    mapMembers(layer.entry, (value, key) => {
      if (key === 'inbound_nodes') return inTensors(value);
      return key === 'build_config' ? inShape(value, 'input_shape') : value;
    });
  const calls = layer.calls.map(
    (call): Call => (call.read ? { ...call, read: { ...call.read, json: inTensors(call.read.json) } } : call),
  );
  return { ...layer, entry, calls };
}
