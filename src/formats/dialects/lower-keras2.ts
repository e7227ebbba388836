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
  type Plain,
  stringOf,
  toPlain,
  withItems,
  withMember,
  withoutMember,
} from '../../json/json-value.js';
import { type Graph, type Layer, type TensorRef, tensorKey } from '../../model/model.js';
import { firstNode } from './node-numbers.js';
import { mapReferences, type WrittenReference } from './tensor-references.js';

/** What `raiseGraph` read, with its changes: `{class_name, config}`. Unchanged parts keep their text. */
export function lowerGraph(graph: Graph): { readonly className: string; readonly config: JsonValue } {
  return graph.kind === 'sequential' ? lowerSequential(graph) : lowerFunctional(graph);
}

function lowerSequential(graph: Graph): { className: string; config: JsonValue } {
  const { className, config } = graph.read!;
  const layers = graph.layers.filter((layer) => !layer.implicit).map(lowerLayer);
  const relayered = (list: JsonArray) => mapItems(list, (_, index) => layers[index]!);
  if (isArray(config)) return { className, config: relayered(config) };
  return {
    className,
    config: withMember(config as JsonObject, 'layers', relayered(getMember(config, 'layers') as JsonArray)),
  };
}

function lowerFunctional(graph: Graph): { className: string; config: JsonValue } {
  const references = referencesOf(graph);
  const entries = graph.layers.map((layer) => lowerEntry(layer, graph, references));
  const { className, config, outputs } = graph.read!;
  const written = getMember(config, 'output_layers');
  if (!isObject(config) || written === undefined)
    return { className: 'Functional', config: newConfig(graph, entries, references) };
  const list = getMember(config, 'layers') as JsonArray;
  const ends = references.rewrite(written, outputs, graph.outputs);
  return {
    className,
    config: withMember(withMember(config, 'layers', withItems(list, entries)), 'output_layers', ends),
  };
}

/** The config of a model that was sequential. */
function newConfig(graph: Graph, entries: readonly JsonItem[], { write }: References): JsonObject {
  const trainable = getMember(graph.read!.config, 'trainable');
  const plain = fromPlain({
    name: graph.name,
    trainable: null,
    layers: null,
    input_layers: graph.inputs.map(write),
    output_layers: graph.outputs.map(write),
  }) as JsonObject;
  const filled = withMember(plain, 'layers', { kind: 'array', items: entries });
  return trainable === undefined ? withoutMember(filled, 'trainable') : withMember(filled, 'trainable', trainable);
}

/** How the tensors of a graph are written, its old references with those of its layers that changed their numbers. */
interface References {
  readonly write: (ref: TensorRef) => readonly [layer: string, node: number, tensor: number];
  /** A value that holds references, with every tensor replaced that is another one now. */
  readonly rewrite: (json: JsonValue, before: readonly TensorRef[], after: readonly TensorRef[]) => JsonValue;
}

function referencesOf(graph: Graph): References {
  const layers = new Map(graph.layers.map((layer) => [layer.name, layer]));
  const readLayers = new Map(graph.read!.layers.map((layer) => [layer.name, layer]));
  const nodeOf = (ref: TensorRef) => ref.call + firstNode(layers.get(ref.layer)!);
  return {
    write: (ref) => [ref.layer, nodeOf(ref), ref.tensor],
    rewrite: (json, before, after) => {
      const now = new Map(before.map((ref, index) => [tensorKey(ref), after[index]!]));
      const map = ({ layer, node, tensor }: WrittenReference): WrittenReference => {
        const read = { layer, call: node - firstNode(readLayers.get(layer)!), tensor };
        const ref = now.get(tensorKey(read)) ?? read;
        return { layer: ref.layer, node: nodeOf(ref), tensor: ref.tensor };
      };
      return mapReferences(json, (name) => readLayers.has(name), map);
    },
  };
}

function lowerEntry(layer: Layer, graph: Graph, { write, rewrite }: References): JsonItem {
  const nodes = getMember(layer.entry, 'inbound_nodes');
  if (isArray(nodes)) {
    const calls = mapItems(nodes, (item, index) => {
      const call = layer.calls[index];
      return call?.read === undefined ? item : rewrite(item, call.read.inputs, call.inputs);
    });
    return itemOf(layer, graph, withMember(lowerLayer(layer), 'inbound_nodes', calls));
  }
  const inbound = layer.calls
    .filter((call) => call.inputs.length > 0)
    .map((call) => call.inputs.map((ref): Plain => [...write(ref), call.keywords === undefined ? {} : toPlain(call.keywords)]));
  const named = withMember(lowerLayer(layer), 'name', fromPlain(layer.name));
  return itemOf(layer, graph, withMember(named, 'inbound_nodes', fromPlain(inbound)));
}

/** The entry with the white space that stood around it, where it was read. */
function itemOf(layer: Layer, graph: Graph, value: JsonObject): JsonItem {
  const { config } = graph.read!;
  const list = isArray(config) ? config : getMember(config, 'layers');
  if (!isArray(list) || layer.entry === undefined) return { value };
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

/** A layer's entry without its calls. */
function lowerLayer(layer: Layer): JsonObject {
  const entry: JsonObject = layer.entry ?? (fromPlain({ class_name: layer.className, config: null }) as JsonObject);
  if (layer.graph === undefined) return withMember(entry, 'config', layer.config);
  const { className, config } = lowerGraph(layer.graph);
  const renamed =
    className === stringOf(getMember(entry, 'class_name'))
      ? entry
      : withMember(entry, 'class_name', { kind: 'string', text: JSON.stringify(className) });
  return withMember(renamed, 'config', config);
}
