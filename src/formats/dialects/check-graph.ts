import { inField, inputError } from '../../errors.js';
import type { Plain, PlainObject } from '../../json/json-value.js';
import { type BadSize, findBadSize } from '../../layers/config-sizes.js';
import { MAX_SHOWN_NAME } from '../../limits.js';
import { resolveGraph } from '../../model/graph-nodes.js';
import { type Graph, type Layer, stepAxes } from '../../model/model.js';

/**
 * Refuses a graph that no loader takes, nested models' too, before anything is computed with it.
 * @param field where the config of the model stands in its file
 * @throws RetrofitError `bad-size`, `bad-graph`, with the place in the file
 */
export function checkGraph(graph: Graph, field: string): void {
  checkSizes(graph, field);
  checkReferences(graph, field);
}

function checkSizes(graph: Graph, field: string): void {
  for (const [layer, place] of placesIn(graph, field)) {
    if (layer.graph !== undefined) checkSizes(layer.graph, `${placeInside(layer, place)}.config`);
    else checkLayer(layer, layer.name, (key) => `${placeInside(layer, place)}.config.${key}`);
  }
  // An input that was not written has the shape that the first layer says, or else the model.
  const [input, first] = graph.layers;
  if (input?.implicit) checkLayer(input, first!.name, () => `${field}.build_input_shape`);
}

/** Settings found right before: a written architecture has most of its layers from the one that was read. */
const isRight = new WeakSet<PlainObject>();

function checkLayer({ className, settings }: Layer, name: string, placeOf: (field: string) => string): void {
  if (isRight.has(settings)) return;
  const found = findBadSize(className, settings);
  if (found === undefined) isRight.add(settings);
  else throw badSize(found, name, placeOf(found.field));
}

function checkReferences(graph: Graph, field: string): void {
  const places = placesIn(graph, field);
  try {
    resolveGraph(graph);
  } catch (error) {
    throw inField(error, ({ layer, field: inside = '' }) => {
      const isEnd = inside === 'input_layers' || inside === 'output_layers';
      const place = isEnd ? field : [...places].findLast(([{ name }]) => name === layer)?.[1];
      return place === undefined ? inside : `${place}.${inside}`;
    });
  }
  for (const [layer, place] of places)
    if (layer.graph !== undefined) checkReferences(layer.graph, `${placeInside(layer, place)}.config`);
}

/** Lists the paths of the layers that were written. */
const placesIn = (graph: Graph, field: string): ReadonlyMap<Layer, string> =>
  new Map(graph.layers.filter(({ implicit }) => !implicit).map((layer, index) => [layer, `${field}.layers[${index}]`]));

/** Returns the path of the layer inside its wrappers. */
const placeInside = (layer: Layer, place: string): string => place + '.config.layer'.repeat(stepAxes(layer));

const badSize = ({ field, value, wants }: BadSize, layer: string, place: string) =>
  inputError('bad-size', `its "${field}" is ${cut(show(value))}: it wants ${wants}`, {
    where: { layer, field: place },
    hint: 'no program builds such a layer: save the model again from the program that made it',
  });

/** NaN and Infinity, which Python writes, have no JSON of their own. */
function show(value: Plain): string {
  if (typeof value === 'number') return String(value);
  return Array.isArray(value) ? `[${value.map(show).join(', ')}]` : JSON.stringify(value);
}

const cut = (text: string): string => (text.length > MAX_SHOWN_NAME ? `${text.slice(0, MAX_SHOWN_NAME - 3)}...` : text);
