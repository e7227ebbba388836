import { getMember, isArray, type JsonValue, type PlainObject, toPlain } from '../../json/json-value.js';
import { computeDtype } from '../../layers/dtype-policy.js';
import type { Shape } from '../../layers/layer-facts.js';
import { inputShape } from '../../layers/other-layers.js';
import { type Dialect, type Layer, newLayer, outerSettings, stepAxes } from '../../model/model.js';

/** Makes the input that a Sequential model's first layer implies. */
export function implicitInput(first: Layer, config: JsonValue, dialect: Dialect): Layer {
  const shape =
    inputShape(outerSettings(first)) ??
    nestedInputShape(first) ??
    shapeIn(getMember(config, 'build_input_shape')) ??
    // Keras 2 keeps the shape that a layer was built with in `.keras` files, and the model's own nowhere.
    shapeIn(getMember(getMember(first.entry, 'build_config'), 'input_shape'));
  const name = `${first.name}_input`;
  return {
    ...newLayer('InputLayer', name, {
      ...(shape === undefined ? {} : { [dialect === 'keras3' ? 'batch_shape' : 'batch_input_shape']: shape }),
      dtype: inputDtype(outerSettings(first), dialect),
      sparse: false,
      name,
    }),
    implicit: true,
  };
}

function inputDtype(settings: PlainObject, dialect: Dialect): string {
  if (dialect === 'keras3') return computeDtype(settings);
  return typeof settings.dtype === 'string' ? settings.dtype : 'float32';
}

function nestedInputShape(layer: Layer): Shape | undefined {
  const graph = stepAxes(layer) === 0 ? layer.graph : undefined;
  const input = graph?.layers.find((inner) => inner.name === graph.inputs[0]?.layer);
  return input === undefined ? undefined : inputShape(input.settings);
}

const shapeIn = (value: JsonValue | undefined): Shape | undefined =>
  isArray(value) ? inputShape({ batch_shape: toPlain(value) }) : undefined;
