import {
  fromPlain,
  isArray,
  isObject,
  type JsonObject,
  type JsonValue,
  mapItems,
  mapMembers,
  type Plain,
  type PlainObject,
  toPlain,
  withMember,
  withoutMember,
} from '../json/json-value.js';
import { fieldStanding, takesNull } from '../layers/config-fields.js';
import { factsOf } from '../layers/known-layers.js';
import type { LayerFacts } from '../layers/layer-facts.js';
import { readField } from '../layers/read-field.js';
import { TIME_DISTRIBUTED } from '../layers/wrappers.js';
import { mapLayers, withConfig } from '../model/map-layers.js';
import type { Graph, Layer, Wrapper } from '../model/model.js';
import { cannotConvert } from './dialects/translate/cannot-convert.js';
import { readSerialized } from './dialects/translate/translate-object.js';
import { wholeSize } from './dialects/whole-sizes.js';

/** Loaders whose files leave defaults out. */
type Source = 'tfjs' | 'keras2';

/**
 * The graph of a model as another loader is to read it, with sizes as whole numbers. Some fields that are not there have other
 * values in each, and to TensorFlow.js a field of null is mostly one that is not there.
 */
export const withExplicitDefaults = (root: Graph, source: Source): Graph =>
  mapLayers(root, (layer) => explicitLayer(layer, source));

function explicitLayer(layer: Layer, source: Source): Layer {
  const wrappers = layer.wrappers?.map((wrapper) => explicitWrapper(wrapper, source, layer.name));
  return { ...withConfig(layer, explicitConfig(layer.className, layer.config, source, layer.name)), wrappers };
}

function explicitWrapper(wrapper: Wrapper, source: Source, layer: string): Wrapper {
  const config = explicitConfig(TIME_DISTRIBUTED, wrapper.config, source, layer);
  const { layer: _, ...settings } = toPlain(config) as PlainObject;
  return { config, settings };
}

function explicitConfig(className: string, config: JsonObject, source: Source, layer: string): JsonObject {
  // TensorFlow.js does not look at a field that it does not know; it writes those of a cell beside the cell.
  const isIgnored = ({ key, value }: JsonObject['members'][number]) =>
    (isNull(value) && !takesNull(className, key)) ||
    fieldStanding(className, key, toPlain(value), source) === 'unknown';
  const ignored = source === 'tfjs' ? config.members.filter(isIgnored).map(({ key }) => key) : [];
  const said = ignored.reduce(withoutMember, config);
  const facts = factsOf(className, toPlain(config) as PlainObject);
  const absent = Object.entries(facts.absent?.[source] ?? {}).filter(
    ([key]) => !said.members.some((member) => member.key === key),
  );
  const whole = absent.reduce(withField, said);
  if (source === 'tfjs') refuseOtherMeanings(facts, toPlain(whole) as PlainObject, layer);
  const taken = source === 'tfjs' ? facts.readByTfjs?.(toPlain(whole) as PlainObject) : undefined;
  return mapMembers(Object.entries(taken ?? {}).reduce(withField, whole), (value, key) =>
    readField(key, undefined).kind === 'layers' ? explicitWrapped(value, source, layer) : wholeSize(facts, key, value),
  );
}

/** Some settings TensorFlow.js reads otherwise than Keras does, or not at all: a Keras file would compute something else. */
function refuseOtherMeanings({ refusedFields = [] }: LayerFacts, config: PlainObject, layer: string): void {
  const found = refusedFields.find(
    ({ isSilent, loaders, field, stops }) => isSilent && loaders.includes('tfjs') && stops(config[field], true, config),
  );
  if (found === undefined) return;
  const { field, reason } = found;
  throw cannotConvert(
    layer,
    field,
    `its ${field} ${reason}: Keras would compute something else than TensorFlow.js does`,
    'start from the Keras model that it was made from, or rebuild the layer as TensorFlow.js computes it',
  );
}

const withField = (config: JsonObject, [key, value]: readonly [string, Plain | undefined]): JsonObject =>
  withMember(config, key, fromPlain(value!));

const isNull = (value: JsonValue): boolean => value.kind === 'literal' && value.text === 'null';

/** Makes defaults explicit in the layer, or list of layers, inside a wrapper. */
function explicitWrapped(value: JsonValue, source: Source, layer: string): JsonValue {
  if (isArray(value)) return mapItems(value, (item) => explicitWrapped(item, source, layer));
  const held = readSerialized(value);
  return held !== undefined && isObject(value)
    ? withMember(value, 'config', explicitConfig(held.className, held.config, source, layer))
    : value;
}
