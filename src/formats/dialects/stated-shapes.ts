import { getMember, isArray, type JsonObject, type JsonValue, toPlain } from '../../json/json-value.js';
import type { Shape } from '../../layers/layer-facts.js';
import type { Call, Layer } from '../../model/model.js';

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
