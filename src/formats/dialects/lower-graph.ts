import {
  fromPlain,
  getMember,
  isArray,
  isObject,
  type JsonArray,
  type JsonItem,
  type JsonObject,
  type JsonValue,
  mapItems,
  type PlainObject,
  stringOf,
  withItems,
  withMember,
  withoutMember,
} from '../../json/json-value.js';
import type { Dialect, Graph, Layer, Structure, TensorRef } from '../../model/model.js';
import { grammarOf } from './grammar-of.js';
import { type GraphTensors, tensorsOf } from './graph-tensors.js';
import { type EntryStyle, hasModule, newCalls, newEntry, newModelEntry, newWrapperEntry } from './new-entries.js';
import { isWritten } from './node-numbers.js';
import { isRestored, listOf, restoredEntry } from './sequential-text.js';
import { endsIn, singleEndForm, unlisted } from './single-ends.js';
import { withNewSizes } from './stated-shapes.js';
import { listEntries, SHARED_OBJECT } from './wrapped-entries.js';

/**
 * Lowers a graph to `{class_name, config}`. Unchanged entries keep the text they were read with; a graph of which
 * nothing was read is written anew.
 * @param dialect for a graph that was made here; its configs, and calls that have a `read`, are in that dialect already
 */
export function lowerGraph(
  graph: Graph,
  dialect?: Dialect,
): { readonly className: string; readonly config: JsonValue } {
  return lower(graph, styleOf(graph, newStyle({ dialect })));
}

export interface LowerOptions {
  /** The object the model was read from; everything besides its graph stays. */
  readonly wrapper?: JsonObject | undefined;
  /** Dialect for a graph that was made here: see `lowerGraph`. */
  readonly dialect?: Dialect | undefined;
  /** The version of Keras that saved the file. */
  readonly kerasVersion?: string | undefined;
  /** Whether entries of a graph that was made here name Python modules. tf-keras wants them in `.keras` files. */
  readonly hasModules?: boolean | undefined;
}

/** The object of a whole model, `{class_name, config, ...}`. */
export const lowerModel = (graph: Graph, options: LowerOptions = {}): JsonObject =>
  lowerModelEntry(graph, options.wrapper, styleOf(graph, newStyle(options)));

const newStyle = ({
  dialect = 'keras2',
  hasModules = dialect === 'keras3',
  kerasVersion,
}: LowerOptions): EntryStyle => ({
  dialect,
  hasModules,
  kerasVersion,
});

/** A model that was read keeps its dialect, and so do the models nested in it. */
function styleOf({ read }: Graph, given: EntryStyle): EntryStyle {
  if (read === undefined) return given;
  const list = listOf(read.config);
  return {
    ...given,
    dialect: read.dialect,
    hasModules: list === undefined ? given.hasModules : list.items.some(({ value }) => hasModule(value)),
  };
}

const lower = (graph: Graph, style: EntryStyle): { className: string; config: JsonValue } =>
  graph.kind === 'sequential' ? lowerSequential(graph, style) : lowerFunctional(graph, style);

function lowerSequential(graph: Graph, style: EntryStyle): { className: string; config: JsonValue } {
  const inside = { ...style, feedsLayer: true };
  const layers = graph.layers
    .filter((layer) => isWritten(layer, graph))
    .map((layer) => lowerLayer(withNewSizes(layer), inside));
  if (graph.read === undefined) {
    return {
      className: 'Sequential',
      config: newConfig(
        graph,
        layers.map((value) => ({ value })),
        style,
      ),
    };
  }
  const { className, config } = graph.read;
  const relayered = mapItems(listOf(config)!, (_, index) => layers[index]!);
  return { className, config: isObject(config) ? withMember(config, 'layers', relayered) : relayered };
}

function lowerFunctional(graph: Graph, style: EntryStyle): { className: string; config: JsonValue } {
  const tensors = tensorsOf(graph, grammarOf(style.dialect));
  const inside = { ...style, feedsLayer: false };
  const entries = graph.layers.map((layer) => lowerEntry(withNewSizes(layer), graph, tensors, inside));
  const { read } = graph;
  const form = singleEndForm(style);
  const ends = getMember(read?.config, 'output_layers');
  if (read === undefined || !isObject(read.config) || ends === undefined) {
    const { writeEnds } = grammarOf(style.dialect);
    const io = {
      input_layers: writeEnds(
        graph.inputs.map(tensors.writeEnd),
        endsIn(graph.structures?.inputs ?? flat(graph.inputs), form),
      ),
      output_layers: writeEnds(
        graph.outputs.map(tensors.writeEnd),
        endsIn(graph.structures?.outputs ?? flat(graph.outputs), form),
      ),
    };
    return { className: functionalClass(style.kerasVersion), config: newConfig(graph, entries, style, io) };
  }
  const layered = withMember(read.config, 'layers', withItems(listOf(read.config)!, entries));
  const outputs = tensors.rewriteEnds(ends, read.outputs, graph.outputs);
  const written = form === 'bare' ? unlisted(outputs) : outputs;
  return { className: read.className, config: withMember(layered, 'output_layers', written) };
}

/** Class name of a functional model: `Model` up to TensorFlow 2.2, whose Keras is 2.3. */
const functionalClass = (kerasVersion: string | undefined): string =>
  /^2\.[0-3](?:\D|$)/.test(kerasVersion ?? '') ? 'Model' : 'Functional';

/** One bare tensor stays one: in a list, Keras 3 would give a list of one. */
const flat = (ends: readonly TensorRef[]): Structure =>
  ends.length === 1 ? { kind: 'tensor' } : { kind: 'list', parts: ends.map(() => ({ kind: 'tensor' })) };

/** The config of a model that was made here, or was Sequential. */
function newConfig(graph: Graph, entries: readonly JsonItem[], style: EntryStyle, io: PlainObject = {}): JsonObject {
  const trainable = getMember(graph.read?.config, 'trainable');
  const plain = fromPlain({ name: graph.name, trainable: !graph.isFrozen, layers: null, ...io }) as JsonObject;
  const filled = withMember(plain, 'layers', { kind: 'array', items: entries });
  if (trainable !== undefined) return withMember(filled, 'trainable', trainable);
  return style.dialect === 'keras3' || graph.isFrozen ? filled : withoutMember(filled, 'trainable');
}

/** A functional model's layer: its entry and its calls. */
function lowerEntry(layer: Layer, graph: Graph, tensors: GraphTensors, style: EntryStyle): JsonItem {
  const nodes = graph.read === undefined || graph.read.className === 'Sequential' ? undefined : callsIn(layer);
  if (nodes !== undefined) {
    const calls = mapItems(nodes, (item, index) => {
      const call = layer.calls[index];
      return call?.read === undefined ? item : tensors.rewriteCall(item, call.read.inputs, call.inputs);
    });
    return itemOf(layer, graph, withMember(lowerLayer(layer, style), 'inbound_nodes', calls));
  }
  const named = withMember(lowerLayer(layer, style), 'name', fromPlain(layer.name));
  return itemOf(layer, graph, withMember(named, 'inbound_nodes', newCalls(layer, tensors, style)));
}

function callsIn(layer: Layer): JsonArray | undefined {
  const nodes = getMember(layer.entry, 'inbound_nodes');
  return isArray(nodes) ? nodes : undefined;
}

/** A layer's entry without its calls. */
function lowerLayer(layer: Layer, style: EntryStyle): JsonObject {
  const { graph, wrappers = [] } = layer;
  // What stands in two places is two layers here, which may change each by itself.
  const entries = listEntries(layer).map((entry) => entry && withoutMember(entry, SHARED_OBJECT));
  const inside = entries.at(-1);
  const lowered =
    graph !== undefined
      ? // A TimeDistributed gives what its model gives on, as a Sequential model does.
        lowerModelEntry(graph, inside, wrappers.length > 0 ? { ...style, feedsLayer: true } : style)
      : inside === undefined
        ? newEntry(layer, style)
        : withMember(inside, 'config', layer.config);
  return wrappers.reduceRight((within, wrapper, index) => {
    const config = withMember(wrapper.config, 'layer', within);
    const around = entries[index];
    return around === undefined ? newWrapperEntry(config, style, index > 0) : withMember(around, 'config', config);
  }, lowered);
}

function lowerModelEntry(graph: Graph, entry: JsonObject | undefined, style: EntryStyle): JsonObject {
  const { className, config } = lower(graph, styleOf(graph, style));
  if (graph.read !== undefined && entry !== undefined && isRestored(graph, entry)) {
    return withMember(restoredEntry(graph.read.entry, entry), 'config', config);
  }
  // The entry around a model that was made here may have been read in another dialect.
  if (graph.read === undefined || entry === undefined) return newModelEntry(entry, className, config, style);
  if (className === stringOf(getMember(entry, 'class_name'))) return withMember(entry, 'config', config);
  return newModelEntry(entry, className, config, { dialect: style.dialect, hasModules: hasModule(entry) });
}

/** The entry with the white space that stood around it, where it was read. */
function itemOf(layer: Layer, graph: Graph, value: JsonObject): JsonItem {
  const list = listOf(graph.read?.config);
  if (list === undefined || layer.entry === undefined) return { value };
  const item = itemsByEntry(list).get(layer.entry);
  return item === undefined ? { value } : { ...item, value };
}

const entryItems = new WeakMap<JsonArray, ReadonlyMap<JsonValue, JsonItem>>();

function itemsByEntry(list: JsonArray): ReadonlyMap<JsonValue, JsonItem> {
  let items = entryItems.get(list);
  if (items === undefined) {
    items = new Map(list.items.map((item) => [item.value, item]));
    entryItems.set(list, items);
  }
  return items;
}
