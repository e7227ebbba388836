import { inputError } from '../errors.js';
import { type Shape, shapeText, type WeightFact } from '../layers/layer-facts.js';
import { factsOfLayer, shapeInside } from './facts-of-layer.js';
import { resolveGraph } from './graph-nodes.js';
import type { Graph, Layer } from './model.js';
import { configShapes } from './shapes.js';
import { FLOATS, withoutScope } from './tensor.js';

// Variables of layers are floats; Keras files hold them in any precision that a dtype policy names.

/**
 * Holds the weights of every layer that is known against its config: their names, shapes and dtypes.
 * @param inputs shapes of the tensors the graph is called with, for a nested model
 * @throws RetrofitError `weights-mismatch`, naming the first layer that does not fit
 */
export function checkWeights(graph: Graph, inputs: readonly (Shape | undefined)[] = []): void {
  const shapes = configShapes(graph, inputs);
  const checked = new Set<Layer>();
  for (const { layer, inputs: read } of resolveGraph(graph).nodes) {
    if (checked.has(layer)) continue;
    checked.add(layer);
    const called = read.map((input) => shapes[input.node]?.[input.tensor]);
    if (layer.graph === undefined) checkLayer(layer, factsOfLayer(layer).weights?.(layer.settings, called));
    else
      checkWeights(
        layer.graph,
        called.map((shape) => shapeInside(layer, shape)),
      );
  }
}

function checkLayer(layer: Layer, facts: readonly WeightFact[] | undefined): void {
  if (facts === undefined) return;
  for (const fact of facts) {
    const weight = layer.weights.find(({ name }) => isNamed(name, fact));
    if (weight === undefined) throw weightsMismatch(layer.name, `its weight "${fact.name}" is missing`);
    if (!fits(weight.tensor.shape, fact.shape)) {
      throw weightsMismatch(
        layer.name,
        `its weight "${fact.name}" has the shape ${shapeText(weight.tensor.shape)}, its config asks for ${shapeText(fact.shape!)}`,
      );
    }
    if (fact.isWhole !== true && !FLOATS.includes(weight.tensor.dtype)) {
      throw weightsMismatch(
        layer.name,
        `its weight "${fact.name}" is stored as ${weight.tensor.dtype}, not as floating-point numbers`,
      );
    }
  }
  const extra = layer.weights.find(({ name }) => !facts.some((fact) => isNamed(name, fact)));
  if (extra !== undefined)
    throw weightsMismatch(layer.name, `it has a weight "${extra.name}", which its config has no use for`);
}

const isNamed = (name: string, fact: WeightFact): boolean => name === fact.name || withoutScope(name) === fact.name;

const fits = (shape: readonly number[], fact: Shape | undefined): boolean =>
  fact === undefined ||
  (shape.length === fact.length && fact.every((size, axis) => size === null || size === shape[axis]));

/** Makes the error for weights that do not fit their layer, or belong to none. */
export const weightsMismatch = (layer: string, message: string, field = 'weights') =>
  inputError('weights-mismatch', message, {
    where: { layer, field },
    hint: 'architecture and weights do not belong together: give the pair that was saved together, or save the model again',
  });
