import {
  fromPlain,
  type JsonObject,
  type PlainObject,
  toPlain,
  withMember,
  withoutMember,
} from '../../../json/json-value.js';
import { factsOf } from '../../../layers/known-layers.js';
import { isOperationClass } from '../../../layers/operations/known-operations.js';
import { TIME_DISTRIBUTED } from '../../../layers/wrappers.js';
import { distribute, type Graph, type Layer, mapGraphs, stepAxes, type Wrapper } from '../../../model/model.js';
import { type Weight, withoutScope } from '../../../model/tensor.js';
import { objectOf } from '../bare-json.js';
import { cannotConvert } from './cannot-convert.js';
import type { LayerBuilder } from './layer-builder.js';
import type { LayerNames } from './layer-names.js';
import { type DialectPair, translateConfig } from './translate-config.js';

interface Naming extends DialectPair {
  readonly names: LayerNames;
}

/** Gives the parts their names: the one of the layer's own class, or else the last one, is the layer itself. */
export function nameParts(builder: LayerBuilder, layer: Layer, name: string, naming: Naming) {
  const { names, target } = naming;
  if (target === 'tfjs') refuseUnknownWeights(layer);
  const { parts } = builder;
  const same = parts.findIndex(({ className }) => className === layer.className);
  const keeper = same < 0 ? parts.length - 1 : same;
  const own = parts.some((part) => part.weights !== undefined) ? [] : keptWeights(layer);
  const layers = parts.map((part, index): Layer => {
    const title = index === keeper ? name : names.claim(`${name}_${part.role}`);
    const config = named(part.config, title);
    const made: Layer = {
      name: title,
      className: part.className,
      config,
      settings: toPlain(config) as PlainObject,
      calls: [],
      weights: part.weights ?? (index === keeper ? own : []),
      ...(isOperationClass(part.className) ? { isOperation: true } : {}),
    };
    // What takes several tensors, number by number, need not be wrapped, and cannot be.
    if (layer.wrappers === undefined || part.sources.length > 1) return made;
    return index === keeper ? wrapAgain(made, layer, naming) : distribute(made, stepAxes(layer));
  });
  return { layers, sources: parts.map((part) => part.sources), arguments: parts.map(({ call }) => call) };
}

const named = (config: JsonObject, name: string): JsonObject =>
  objectOf([['name', fromPlain(name)], ...config.members.map(({ key, value }) => [key, value] as const)]);

/** Wraps a translated layer again; the layer inside keeps a name of its own. */
export function wrapAgain(made: Layer, { wrappers = [], settings, graph }: Layer, naming: Naming): Layer {
  const nameInside = (name: unknown): string => naming.names.proper(typeof name === 'string' ? name : made.name);
  const around = wrappers.map((wrapper, depth): Wrapper => {
    const { config } = translateConfig(TIME_DISTRIBUTED, withoutMember(wrapper.config, 'layer'), naming, made.name);
    const whole = named(config, depth === 0 ? made.name : nameInside(wrapper.settings.name));
    return { config: whole, settings: toPlain(whole) as PlainObject };
  });
  if (graph !== undefined) return { ...made, wrappers: around };
  const config = withMember(made.config, 'name', fromPlain(nameInside(settings.name)));
  return { ...made, config, settings: toPlain(config) as PlainObject, wrappers: around };
}

/** TensorFlow.js finds weights by their names. */
function refuseUnknownWeights({ name, className, settings, weights }: Layer): void {
  if (weights.length === 0 || factsOf(className, settings).weights?.(settings, []) !== undefined) return;
  throw cannotConvert(
    name,
    'class_name',
    `how TensorFlow.js calls the weights of a layer of the class "${className}" with these settings is not known here`,
    'keep the model in the format it is in, or rebuild it without this layer',
  );
}

/**
 * Returns the layer's weights by the names that its facts give them. RNG state is not a weight: in Keras 3 it is
 * re-initialised.
 */
function keptWeights(layer: Layer): readonly Weight[] {
  const facts = factsOf(layer.className, layer.settings).weights?.(layer.settings, []);
  const isKnown = (name: string) => facts?.some((fact) => fact.name === name) === true;
  return layer.weights
    .filter((weight) => isKnown(weight.name) || !weight.name.includes('seed_generator'))
    .map((weight) => {
      const short = withoutScope(weight.name);
      return !isKnown(weight.name) && isKnown(short) ? { ...weight, name: short } : weight;
    });
}

/** The graph as it is, with the weights of its layers under the names that the facts of the layers give them. */
export const withKnownWeights = (root: Graph): Graph =>
  mapGraphs(root, (graph) => ({
    ...graph,
    layers: graph.layers.map((layer) =>
      layer.graph === undefined ? { ...layer, weights: keptWeights(layer) } : layer,
    ),
  }));
