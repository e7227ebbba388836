import { type PlainObject, toPlain } from '../json/json-value.js';
import { factsOf } from '../layers/known-layers.js';
import type { LayerFacts, Shape } from '../layers/layer-facts.js';
import { isOpLayer } from '../layers/operations/tensorflow-operations.js';
import { distributed, sequenceShape, stepShape } from '../layers/wrappers.js';
import { argumentsOf } from './call-arguments.js';
import { type Layer, stepAxes } from './model.js';

/** Returns the facts of a layer together with the wrappers around it. */
export function factsOfLayer(layer: Layer): LayerFacts {
  let facts = factsOf(layer.className, layer.settings, isOpLayer(layer.className) ? constantsOfCall(layer) : undefined);
  for (let count = stepAxes(layer); count > 0; count--) facts = distributed(facts);
  return facts;
}

/** Returns the constants among the named arguments of a layer's only call; undefined where there are several calls, or unnamed constants. */
function constantsOfCall({ calls: [call, ...more] }: Layer): PlainObject | undefined {
  if (call === undefined || more.length > 0) return undefined;
  const { positional, keywords } = argumentsOf(call);
  if ([...positional, ...keywords.values()].some(({ kind }) => kind === 'structure')) return undefined;
  if (positional.some(({ kind }) => kind === 'constant')) return undefined;
  return Object.fromEntries(
    [...keywords].flatMap(([name, argument]) => (argument.kind === 'constant' ? [[name, toPlain(argument.json)]] : [])),
  );
}

/** Returns the shape that the layer inside sees of a layer's input: one step of it for each wrapper. */
export function shapeInside(layer: Layer, shape: Shape | undefined): Shape | undefined {
  let inside = shape;
  for (let count = stepAxes(layer); count > 0; count--) inside = stepShape(inside);
  return inside;
}

/** Returns a layer's output shape, from the output shape of the layer inside and the layer's input shape. */
export function shapeOutside(layer: Layer, inside: Shape | undefined, input: Shape | undefined): Shape | undefined {
  const inputs = [input];
  for (let count = stepAxes(layer); count > 1; count--) inputs.push(stepShape(inputs.at(-1)));
  return stepAxes(layer) === 0 ? inside : inputs.reduceRight(sequenceShape, inside);
}

/** Counts the computations of the layer inside for one call; null where the number is not known. */
export const stepCount = (layer: Layer, input: Shape | undefined): number | null => {
  const sizes = Array.from({ length: stepAxes(layer) }, (_, axis) => input?.[axis + 1] ?? null);
  return sizes.reduce<number | null>((all, size) => (all === null || size === null ? null : all * size), 1);
};
