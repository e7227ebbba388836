import {
  getMember,
  isArray,
  isObject,
  isPlainObject,
  type JsonArray,
  type JsonMember,
  type JsonObject,
  type JsonValue,
  mapItems,
  mapMembers,
  type Plain,
  stringOf,
  toPlain,
  withMember,
  withoutMember,
} from '../../json/json-value.js';
import { findJson } from '../../json/parse-json.js';
import { serializeJson } from '../../json/serialize-json.js';
import type { Graph, GraphSource, Layer, RecordedSequential, SequentialText } from '../../model/model.js';
import { KERAS_MODULE } from './class-names.js';

// A module makes a Sequential model functional. Its former text stands in the record, but for the layers: in the place
// of each there is `null`, or those of the members that only a functional model has and this layer had all the same.

const HOLE: JsonValue = { kind: 'literal', text: 'null' };

/** Members of an entry that name the class of its model, or depend on the class. */
const OF_THE_CLASS: readonly string[] = ['module', 'class_name', 'registered_name', 'build_config'];

const OF_FUNCTIONAL_LAYERS: readonly string[] = ['name', 'inbound_nodes'];

export const SEQUENTIAL_TEXT: SequentialText = { describe, restore };

/** The list of a model's layers in its config, which a Sequential model of early Keras is itself. */
export function listOf(config: JsonValue | undefined): JsonArray | undefined {
  const list = isArray(config) ? config : getMember(config, 'layers');
  return isArray(list) ? list : undefined;
}

/** Tells whether a model's config says that it is not trainable. */
export const isFrozen = (config: JsonValue): boolean => {
  const trainable = getMember(config, 'trainable');
  return trainable?.kind === 'literal' && trainable.text === 'false';
};

/** The text of a Sequential model with holes for its layers. */
function describe({ entry, config }: GraphSource): string {
  const list = listOf(config)!;
  const holes = mapItems(list, (layer) => {
    const members = isObject(layer) ? layer.members.filter(({ key }) => OF_FUNCTIONAL_LAYERS.includes(key)) : [];
    return members.length === 0 ? HOLE : { kind: 'object', members };
  });
  const hollow = isObject(config) ? withMember(config, 'layers', holes) : holes;
  const kept = mapMembers(entry, (value, key) => (key === 'config' || OF_THE_CLASS.includes(key) ? value : HOLE));
  return serializeJson({ lead: '', trail: '', root: withMember(kept, 'config', hollow) });
}

/** Turns a functional model back into its former Sequential one. */
function restore(graph: Graph, { text, hasNoInput }: RecordedSequential): Graph {
  const entry = findJson(text);
  const config = getMember(entry, 'config');
  const holes = listOf(config);
  if (!isObject(entry) || config === undefined || holes === undefined || !isSafe(toPlain(entry))) return graph;
  if (graph.read === undefined || !isChain(graph)) return graph;
  const unwritten = hasNoInput ? 1 : 0;
  if (graph.layers.length !== holes.items.length + unwritten) return graph;
  const layers = graph.layers.map((layer, index): Layer => {
    if (index < unwritten) return { ...layer, implicit: true };
    return restoreEntry(layer, holes.items[index - unwritten]!.value);
  });
  return {
    ...graph,
    kind: 'sequential',
    layers,
    isFrozen: isFrozen(config),
    read: { ...graph.read, className: 'Sequential', entry, config, layers },
  };
}

function restoreEntry(layer: Layer, hole: JsonValue): Layer {
  if (layer.entry === undefined) return layer;
  const entry = OF_FUNCTIONAL_LAYERS.reduce((changed: JsonObject, key) => {
    const before = getMember(hole, key);
    return before === undefined ? withoutMember(changed, key) : withMember(changed, key, before);
  }, layer.entry);
  return { ...layer, entry };
}

/** Tells whether every layer reads the one before it, and nothing else. */
const isChain = ({ layers, inputs, outputs }: Graph): boolean =>
  inputs.length === 1 &&
  outputs.length === 1 &&
  inputs[0]!.layer === layers[0]!.name &&
  outputs[0]!.layer === layers.at(-1)!.name &&
  layers.every(({ calls }, index) => {
    const read = calls[0]?.inputs ?? [];
    if (calls.length !== 1 || calls[0]!.hasArguments) return false;
    return index === 0 ? read.length === 0 : read.length === 1 && read[0]!.layer === layers[index - 1]!.name;
  });

/** Tells whether a recorded Sequential model names only Keras' own classes. A record must not bring in code to run. */
function isSafe(value: Plain): boolean {
  if (Array.isArray(value)) return value.every(isSafe);
  if (!isPlainObject(value)) return true;
  const { class_name: className, module, registered_name: registered } = value;
  const isKnown =
    (className === undefined || className === 'Sequential' || className === 'DTypePolicy') &&
    (module === undefined || (typeof module === 'string' && KERAS_MODULE.test(module))) &&
    (registered === undefined || registered === null || registered === className);
  return isKnown && Object.values(value).every((member) => member === undefined || isSafe(member));
}

/** Tells whether a model becomes Sequential again, as before modules made it functional, against its entry. */
export const isRestored = ({ read }: Graph, entry: JsonObject): boolean =>
  read !== undefined &&
  read.className === 'Sequential' &&
  stringOf(getMember(read.entry, 'class_name')) === 'Sequential' &&
  stringOf(getMember(entry, 'class_name')) !== 'Sequential';

/** The entry with all that goes with its class as it was, in the old order; all else is as it is now. */
export function restoredEntry(before: JsonObject, now: JsonObject): JsonObject {
  const others = new Map(now.members.map((member) => [member.key, member]));
  const members = before.members.flatMap((member): readonly JsonMember[] => {
    if (OF_THE_CLASS.includes(member.key)) return [member];
    const other = others.get(member.key);
    return other === undefined ? [] : [{ ...member, value: other.value }];
  });
  const known = new Set(members.map((member) => member.key));
  const added = now.members.filter(({ key }) => !known.has(key) && !OF_THE_CLASS.includes(key));
  return { ...before, members: [...members, ...added] };
}
