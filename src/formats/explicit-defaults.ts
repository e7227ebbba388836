import {
  fromPlain,
  getMember,
  isArray,
  isObject,
  type JsonObject,
  type JsonValue,
  mapItems,
  mapMembers,
  type PlainObject,
  toPlain,
  withMember,
  withoutMember,
} from '../json/json-value.js';
import { takesNull } from '../layers/config-fields.js';
import { factsOf } from '../layers/known-layers.js';
import { readField } from '../layers/read-field.js';
import { TIME_DISTRIBUTED } from '../layers/wrappers.js';
import { type Graph, type Layer, mapGraphs, type Wrapper, withConfig, withLayers } from '../model/model.js';
import { readSerialized } from './dialects/translate/translate-object.js';
import { wholeSize } from './dialects/whole-sizes.js';

/** Loaders whose files leave defaults out. */
type Source = 'tfjs' | 'keras2';

/**
 * The graph of a model as another loader is to read it, with sizes as whole numbers. Some fields that are not there have other
 * values in each, and to TensorFlow.js a field of null is mostly one that is not there.
 */
export const withExplicitDefaults = (root: Graph, source: Source): Graph =>
  mapGraphs(root, (graph) =>
    withLayers(
      graph,
      graph.layers.map((layer) => explicitLayer(layer, source)),
    ),
  );

function explicitLayer(layer: Layer, source: Source): Layer {
  const wrappers = layer.wrappers?.map((wrapper) => explicitWrapper(wrapper, source));
  return { ...withConfig(layer, explicitConfig(layer.className, layer.config, source)), wrappers };
}

function explicitWrapper(wrapper: Wrapper, source: Source): Wrapper {
  const config = explicitConfig(TIME_DISTRIBUTED, wrapper.config, source);
  const { layer: _, ...settings } = toPlain(config) as PlainObject;
  return { config, settings };
}

function explicitConfig(className: string, config: JsonObject, source: Source): JsonObject {
  const isSpare = ({ key, value }: JsonObject['members'][number]) =>
    value.kind === 'literal' && value.text === 'null' && !takesNull(className, key);
  const spare = source === 'tfjs' ? config.members.filter(isSpare).map(({ key }) => key) : [];
  const said = spare.reduce(withoutMember, config);
  const facts = factsOf(className, toPlain(config) as PlainObject);
  const absent = Object.entries(facts.absent?.[source] ?? {}).filter(
    ([key]) => !said.members.some((member) => member.key === key),
  );
  const whole = absent.reduce((all, [key, value]) => withMember(all, key, fromPlain(value!)), said);
  // TensorFlow.js takes every negative axis for the last one.
  if (
    source === 'tfjs' &&
    className === 'Concatenate' &&
    Number(toPlain(getMember(whole, 'axis') ?? fromPlain(0))) < -1
  )
    return withMember(whole, 'axis', fromPlain(-1));
  return mapMembers(whole, (value, key) =>
    readField(key, undefined).kind === 'layers' ? explicitWrapped(value, source) : wholeSize(facts, key, value),
  );
}

/** Makes defaults explicit in the layer, or list of layers, inside a wrapper. */
function explicitWrapped(value: JsonValue, source: Source): JsonValue {
  if (isArray(value)) return mapItems(value, (item) => explicitWrapped(item, source));
  const held = readSerialized(value);
  return held !== undefined && isObject(value)
    ? withMember(value, 'config', explicitConfig(held.className, held.config, source))
    : value;
}
