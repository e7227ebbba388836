import {
  fromPlain,
  getMember,
  isObject,
  isPlainObject,
  type JsonObject,
  type PlainObject,
  withMember,
} from '../../json/json-value.js';
import { type Projection, projectionOf } from '../../layers/constraints.js';
import { factsOf } from '../../layers/known-layers.js';
import { mapLayers, withConfig } from '../../model/map-layers.js';
import { type Layer, listGraphs, type Model, type Warning } from '../../model/model.js';
import { type Tensor, type TensorValues, withoutScope } from '../../model/tensor.js';
import { floatChunks } from '../values/float-values.js';

// TensorFlow.js applies a weight's constraint when it loads the weight (`LayerVariable.write`), where Keras does so in
// training only: a weight that does not obey its constraint would be another one there.

/** The epsilon of TensorFlow.js, which is added to norms before something is divided by them. */
const EPSILON = 1e-7;
/** Relative change that a projection may make: as much as a conversion rounds. */
const TOLERANCE = 1e-6;

export interface Released {
  readonly model: Model;
  readonly warnings: readonly Warning[];
}

/**
 * The model without those constraints that its weights do not obey. Only weights that have a constraint are read.
 * @param isLookedAt whether a weight may be another one than TensorFlow.js had before
 */
export async function releaseConstraints(
  model: Model,
  values: TensorValues,
  isLookedAt: (tensor: Tensor) => boolean = () => true,
): Promise<Released> {
  const warnings: Warning[] = [];
  const released = new Map<Layer, Layer>();
  for (const layer of [...listGraphs(model.graph)].flatMap(({ graph }) => graph.layers))
    for await (const { field, weight } of listViolated(layer, values, isLookedAt)) {
      const before = released.get(layer) ?? layer;
      released.set(layer, withConfig(before, withoutConstraint(before.config, field)));
      const message = `TensorFlow.js would change its ${weight} by its ${field} as it loads it: the constraint is left out`;
      warnings.push({ code: 'constraint-dropped', message, where: layer.name });
    }
  return { model: { ...model, graph: mapLayers(model.graph, (layer) => released.get(layer) ?? layer) }, warnings };
}

/** Warns of weights that TensorFlow.js changes by their constraints, for a model converted from there to Keras. */
export async function constraintWarnings(model: Model): Promise<readonly Warning[]> {
  const layers = [...listGraphs(model.graph)].flatMap(({ graph }) => graph.layers);
  if (layers.every((layer) => listConstrained(layer).length === 0)) return [];
  return model.withValues(async (values) => {
    const warnings: Warning[] = [];
    for (const layer of layers)
      for await (const { field, weight, projection } of listViolated(layer, values)) {
        // The effect of a custom constraint is not known.
        if (projection === undefined) continue;
        const message = `TensorFlow.js changes its ${weight} by its ${field} as it loads it, Keras takes it as it is stored: the new model computes otherwise than in TensorFlow.js`;
        warnings.push({ code: 'constraint-not-obeyed', message, where: layer.name });
      }
    return warnings;
  });
}

/** The constraints that a layer's weights do not obey, and those whose effect is not known. */
async function* listViolated(layer: Layer, values: TensorValues, isLookedAt: (tensor: Tensor) => boolean = () => true) {
  for (const constrained of listConstrained(layer)) {
    const { tensor, projection } = constrained;
    if (!isLookedAt(tensor)) continue;
    if (projection === undefined || !(await obeys(tensor, projection, values))) yield constrained;
  }
}

function listConstrained({ className, settings, weights }: Layer) {
  const facts = factsOf(className, settings).weights?.(settings, []) ?? [];
  const inner = innermost(settings);
  return weights.flatMap(({ name, tensor }) => {
    const fact = facts.find((each) => each.name === name || each.name === withoutScope(name));
    const field = `${fact?.base}_constraint`;
    const constraint = inner[field];
    if (constraint === undefined || constraint === null) return [];
    return [{ field, weight: name, tensor, projection: projectionOf(constraint, tensor.shape.length) }];
  });
}

/** The config that speaks of the weights: that of the layer which a wrapper holds. */
function innermost(settings: PlainObject): PlainObject {
  const { layer } = settings;
  return isPlainObject(layer) && isPlainObject(layer.config) ? innermost(layer.config) : settings;
}

function withoutConstraint(config: JsonObject, field: string): JsonObject {
  const layer = getMember(config, 'layer');
  const held = getMember(layer, 'config');
  return isObject(layer) && isObject(held)
    ? withMember(config, 'layer', withMember(layer, 'config', withoutConstraint(held, field)))
    : withMember(config, field, fromPlain(null));
}

async function obeys(tensor: Tensor, projection: Projection, values: TensorValues): Promise<boolean> {
  if (projection.kind === 'sign') {
    for await (const floats of floatChunks(tensor, values)) if (floats.some((value) => value < 0)) return false;
    return true;
  }
  const squares = await sumsOfSquares(tensor, projection.axes, values);
  return squares.every((square) => {
    const norm = Math.sqrt(square);
    return norm === 0 || Math.abs(projection.desired(norm) / (EPSILON + norm) - 1) <= TOLERANCE;
  });
}

/** The sums over some axes of a tensor's squares, one for each place on the other axes. */
async function sumsOfSquares(tensor: Tensor, axes: readonly number[], values: TensorValues): Promise<Float64Array> {
  const { shape } = tensor;
  // How far the sum's place moves with each axis.
  const steps = shape.map(() => 0);
  let places = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (axes.includes(axis)) continue;
    steps[axis] = places;
    places *= shape[axis]!;
  }
  const sums = new Float64Array(places);
  const at = shape.map(() => 0);
  let place = 0;
  for await (const floats of floatChunks(tensor, values)) {
    for (const value of floats) {
      sums[place]! += value * value;
      for (let axis = shape.length - 1; axis >= 0; axis--) {
        at[axis]!++;
        place += steps[axis]!;
        if (at[axis]! < shape[axis]!) break;
        place -= steps[axis]! * shape[axis]!;
        at[axis] = 0;
      }
    }
  }
  return sums;
}
