import {
  fromPlain,
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
} from '../../json/json-value.js';
import { takesNull } from '../../layers/config-fields.js';
import { factsOf } from '../../layers/known-layers.js';
import { readField } from '../../layers/read-field.js';
import { TIME_DISTRIBUTED } from '../../layers/wrappers.js';
import { type Graph, type Layer, mapGraphs, type Wrapper, withLayers } from '../../model/model.js';
import { readSerialized } from '../dialects/translate/translate-object.js';

/**
 * The graph of a TensorFlow.js model as Keras is to read it. To TensorFlow.js a field of null is mostly one that is not
 * there, and some that are not there have other values than in Keras.
 */
export const withToldDefaults = (root: Graph): Graph =>
  mapGraphs(root, (graph) => withLayers(graph, graph.layers.map(tellLayer)));

function tellLayer(layer: Layer): Layer {
  const config = tellConfig(layer.className, layer.config);
  const wrappers = layer.wrappers?.map(tellWrapper);
  return { ...layer, config, settings: toPlain(config) as PlainObject, wrappers };
}

function tellWrapper(wrapper: Wrapper): Wrapper {
  const config = tellConfig(TIME_DISTRIBUTED, wrapper.config);
  const { layer: _, ...settings } = toPlain(config) as PlainObject;
  return { config, settings };
}

function tellConfig(className: string, config: JsonObject): JsonObject {
  const isSpare = ({ key, value }: JsonObject['members'][number]) =>
    value.kind === 'literal' && value.text === 'null' && !takesNull(className, key);
  const spare = config.members.filter(isSpare).map(({ key }) => key);
  const said = spare.reduce(withoutMember, config);
  const absent = Object.entries(factsOf(className, toPlain(config) as PlainObject).absentInTfjs ?? {}).filter(
    ([key]) => !said.members.some((member) => member.key === key),
  );
  const whole = absent.reduce((all, [key, value]) => withMember(all, key, fromPlain(value!)), said);
  return mapMembers(whole, (value, key) => (readField(key, undefined).kind === 'layers' ? tellHeld(value) : value));
}

/** What a wrapper runs: a layer, or a list of them. */
function tellHeld(value: JsonValue): JsonValue {
  if (isArray(value)) return mapItems(value, tellHeld);
  const held = readSerialized(value);
  return held !== undefined && isObject(value)
    ? withMember(value, 'config', tellConfig(held.className, held.config))
    : value;
}
