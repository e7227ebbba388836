import {
  fromPlain,
  getMember,
  isArray,
  isObject,
  type JsonArray,
  type JsonObject,
  type JsonValue,
  mapItems,
  withMember,
} from '../../json/json-value.js';
import { factsOf } from '../../layers/known-layers.js';
import { isMerge } from '../../layers/layer-facts.js';
import { isOpLayer } from '../../layers/operations/tensorflow-operations.js';
import { tensorArguments } from '../../model/call-arguments.js';
import { mapLayers } from '../../model/map-layers.js';
import { type Call, type Graph, type Layer, mapGraphs } from '../../model/model.js';
import { listEnds } from '../dialects/read-ends.js';
import { isReferenceList, nameIn, plainReference } from '../dialects/tensor-references.js';

// TensorFlow.js reads ends and calls as lists of references, `[["x", 0, 0]]`, where Keras reads one alone as well. Of a
// call that is no such list it takes the letters of the name for names, and waits for those layers for ever.

/**
 * The graph with its ends and its layers' calls as TensorFlow.js reads them; the same graph where they are so already.
 * @param hasEnds false where Keras 3 is to read them, to which a list of one tensor is another structure
 */
export const withNestedLists = (root: Graph, hasEnds = true): Graph =>
  mapGraphs(mapLayers(root, nestLayer), (graph) => {
    const config = hasEnds && graph.read ? nestEnds(graph, graph.read.config) : graph.read?.config;
    return config === graph.read?.config ? graph : { ...graph, read: { ...graph.read!, config: config! } };
  });

function nestEnds(graph: Graph, config: JsonValue): JsonValue {
  if (!isObject(config)) return config;
  const names = new Set(graph.read!.layers.map(({ name }) => name));
  return ['input_layers', 'output_layers'].reduce((nested: JsonObject, key) => {
    const ends = getMember(nested, key);
    if (ends === undefined || isReferenceList(ends)) return nested;
    const found = listEnds(ends, (name) => names.has(name), key);
    return withMember(nested, key, fromPlain(found.map(plainReference)));
  }, config);
}

function nestLayer(layer: Layer): Layer {
  const nodes = getMember(layer.entry, 'inbound_nodes');
  const nested = isArray(nodes) && !isOpLayer(layer.className) ? mapItems(nodes, nestCall) : nodes;
  if (isArray(nodes) && isTakenApart(layer, nodes)) return inOneCall(layer, nodes);
  if (nested === nodes) return layer;
  const calls = layer.calls.map((call): Call => {
    const { read } = call;
    return read === undefined ? call : { ...call, read: { ...read, json: nestCall(read.json) } };
  });
  return { ...layer, calls, entry: withMember(layer.entry!, 'inbound_nodes', nested!) };
}

/** Tells whether the references of a layer that is called with several tensors stand there as if they were calls. */
const isTakenApart = ({ className, settings }: Layer, nodes: JsonArray): boolean =>
  isMerge(factsOf(className, settings).role) && nodes.items.length > 1 && isReferenceList(nodes);

function inOneCall(layer: Layer, nodes: JsonArray): Layer {
  const inputs = layer.calls.flatMap((call) => call.inputs);
  const written = layer.calls.flatMap(({ read }) => read?.inputs ?? []);
  const entry = withMember(layer.entry!, 'inbound_nodes', { kind: 'array', items: [{ value: nodes }] });
  return {
    ...layer,
    entry,
    calls: [{ inputs, read: { json: nodes, inputs: written, arguments: tensorArguments(inputs.length) } }],
  };
}

/** A call that is one reference, in a list. */
const nestCall = (call: JsonValue): JsonValue =>
  nameIn(call) === undefined ? call : { kind: 'array', items: [{ value: call }] };
