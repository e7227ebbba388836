import { type PlainObject, toPlain } from '../json/json-value.js';
import { factsOf } from '../layers/known-layers.js';
import type { LayerFacts, Shape } from '../layers/layer-facts.js';
import { isOpLayer } from '../layers/tensorflow-operations.js';
import { distributed, sequenceShape, stepShape } from '../layers/wrappers.js';
import { argumentsOf } from './call-arguments.js';
import { type Layer, stepAxes } from './model.js';

/** What is known of a layer, and of what stands around it. */
export function factsOfLayer(layer: Layer): LayerFacts {
  let facts = factsOf(layer.className, layer.settings, isOpLayer(layer.className) ? constantsOfCall(layer) : undefined);
  for (let count = stepAxes(layer); count > 0; count--) facts = distributed(facts);
  return facts;
}

/** The constants among the arguments of a layer's only call; undefined where there are several calls, or others than named ones. */
function constantsOfCall({ calls: [call, ...more] }: Layer): PlainObject | undefined {
  if (call === undefined || more.length > 0) return undefined;
  const { positional, keywords } = argumentsOf(call);
  if ([...positional, ...keywords.values()].some(({ kind }) => kind === 'structure')) return undefined;
  if (positional.some(({ kind }) => kind === 'constant')) return undefined;
  return Object.fromEntries(
    [...keywords].flatMap(([name, argument]) => (argument.kind === 'constant' ? [[name, toPlain(argument.json)]] : [])),
  );
}

/** What the layer inside sees of a tensor that is given to a layer: one step of it, where wrappers stand around. */
export function shapeInside(layer: Layer, shape: Shape | undefined): Shape | undefined {
  let inside = shape;
  for (let count = stepAxes(layer); count > 0; count--) inside = stepShape(inside);
  return inside;
}

/** What a layer gives, from what the layer inside gives and what the layer is given. */
export function shapeOutside(layer: Layer, inside: Shape | undefined, input: Shape | undefined): Shape | undefined {
  const inputs = [input];
  for (let count = stepAxes(layer); count > 1; count--) inputs.push(stepShape(inputs.at(-1)));
  return stepAxes(layer) === 0 ? inside : inputs.reduceRight(sequenceShape, inside);
}

/** How often the layer inside is computed for one call; null where that is not known. */
export const stepCount = (layer: Layer, input: Shape | undefined): number | null => {
  const sizes = Array.from({ length: stepAxes(layer) }, (_, axis) => input?.[axis + 1] ?? null);
  return sizes.reduce<number | null>((all, size) => (all === null || size === null ? null : all * size), 1);
};
