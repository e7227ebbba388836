import {
  getMember,
  isArray,
  isPlainObject,
  type JsonValue,
  type Plain,
  type PlainObject,
  stringOf,
  toPlain,
} from '../json/json-value.js';
import { activationLoads } from '../layers/activations.js';
import { hasActivityRegularizer } from '../layers/config.js';
import { fieldStanding } from '../layers/config-fields.js';
import { configObjectLoads } from '../layers/config-objects.js';
import { factsOf } from '../layers/known-layers.js';
import type { Loader } from '../layers/layer-facts.js';
import { MAX_KERAS_CHAIN } from '../limits.js';
import { factsOfLayer } from '../model/facts-of-layer.js';
import { resolveGraph } from '../model/graph-nodes.js';
import { longestWalk } from '../model/layer-order.js';
import { type Container, type Graph, type Layer, listGraphs, outerSettings, stepAxes } from '../model/model.js';
import { findSquashedNodes } from '../model/squashed-nodes.js';
import { isKeras3Call } from './dialects/find-dialect.js';
import { nameIn } from './dialects/tensor-references.js';
import { listEntries } from './dialects/wrapped-entries.js';
import { findSettingsBlocker } from './tfjs/settings-blocker.js';

/** What stops a loader: a layer, the field of its config (empty for the layer itself), and why. */
export interface Blocker {
  readonly layer: string;
  readonly field: string;
  readonly reason: string;
}

export interface LoaderVerdict {
  readonly loader: Loader;
  readonly ok: boolean;
  readonly blockedBy: Blocker | null;
}

const LOADERS: readonly Loader[] = ['tfjs', 'keras2', 'keras3'];

/**
 * Which loaders take a model's architecture as it is written, custom code not being there.
 * @param container what the architecture stands in: Keras 3 asks more of `.keras` files and of bare JSON than of `.h5`
 * @param settings the `trainingConfig` of a model.json, by which TensorFlow.js compiles the model
 */
export const listLoaders = (graph: Graph, container?: Container, settings?: JsonValue): readonly LoaderVerdict[] =>
  LOADERS.map((loader) => {
    const blockedBy =
      rootBlocker(graph, loader, container) ??
      findBlocker(graph, loader) ??
      (loader === 'tfjs' && settings !== undefined ? settingsBlocker(graph, settings) : undefined) ??
      null;
    return { loader, ok: blockedBy === null, blockedBy };
  });

function settingsBlocker(graph: Graph, settings: JsonValue): Blocker | undefined {
  const found = findSettingsBlocker(
    toPlain(settings),
    graph.outputs.map((ref) => ref.layer),
  );
  return found && { layer: graph.name, field: `trainingConfig.${found.field}`, reason: found.reason };
}

function findBlocker(root: Graph, loader: Loader): Blocker | undefined {
  const parents = new Map(
    [...listGraphs(root)].flatMap(({ graph }) => graph.layers.map((layer) => [layer.graph, graph] as const)),
  );
  for (const { graph, path } of listGraphs(root)) {
    const parent = parents.get(graph);
    const holder = parent?.layers.find((layer) => layer.graph === graph);
    const found =
      nestedBlocker(graph, parent, holder, loader) ?? graphBlocker(graph, path.at(-1) ?? graph.name, loader);
    if (found !== undefined) return found;
    for (const layer of graph.layers) {
      if (layer.implicit) continue;
      const blocker = layerBlocker(layer, loader);
      if (blocker !== undefined) return { layer: layer.name, ...blocker };
    }
  }
  return undefined;
}

/** `.h5` files name the class of the model alone; elsewhere Keras 3 goes by its module. */
function rootBlocker(graph: Graph, loader: Loader, container: Container | undefined): Blocker | undefined {
  if (loader !== 'keras3' || (container !== 'keras-json' && container !== 'keras-zip')) return undefined;
  return graph.read === undefined ? undefined : moduleBlocker(graph, graph.name, true);
}

function moduleBlocker({ read }: Graph, layer: string, isNeeded: boolean): Blocker | undefined {
  const module = read?.module;
  if (module === undefined)
    return isNeeded ? { layer, field: 'module', reason: 'is missing: Keras 3 looks for the class in it' } : undefined;
  if (/^keras(?:\.src\.models\..*)?$/.test(module)) return undefined;
  return { layer, field: 'module', reason: `is "${module}", which Keras 3 does not have` };
}

function nestedBlocker(
  graph: Graph,
  parent: Graph | undefined,
  holder: Layer | undefined,
  loader: Loader,
): Blocker | undefined {
  if (loader !== 'keras3' || parent === undefined || holder === undefined) return undefined;
  const layer = holder.name;
  if (graph.read?.dialect !== 'keras3' && !graph.layers.some((inner) => inner.implicit)) {
    const reason =
      parent.kind === 'functional' && stepAxes(holder) === 0
        ? 'numbers its calls otherwise'
        : 'makes a list of what it gives to the next layer';
    return { layer, field: 'inbound_nodes', reason: `is a model in a model: Keras 3 ${reason}` };
  }
  return moduleBlocker(graph, layer, false);
}

function graphBlocker(graph: Graph, layer: string, loader: Loader): Blocker | undefined {
  if (loader === 'tfjs') {
    const field = ['input_layers', 'output_layers'].find((key) => !isPlainList(getMember(graph.read?.config, key)));
    if (field !== undefined) return { layer, field, reason: 'is no list of lists' };
  }
  const squashed = loader === 'tfjs' ? findSquashed(graph) : undefined;
  if (squashed !== undefined) {
    return {
      layer: squashed,
      field: 'keepdims',
      reason: 'is true, which TensorFlow.js ignores: the next layer sees too few dimensions',
    };
  }
  if (loader === 'keras3' && graph.kind === 'sequential') {
    if (graph.read?.config.kind === 'array') {
      return { layer, field: 'config', reason: 'is a list of layers, which Keras 3 no longer reads' };
    }
    const input = graph.layers[0]!;
    if (input.implicit && outerSettings(graph.layers[1]!).batch_input_shape !== undefined) {
      return {
        layer: graph.layers[1]!.name,
        field: 'batch_input_shape',
        reason: 'stands on the first layer; Keras 3 wants an InputLayer',
      };
    }
  }
  const depth = loader === 'tfjs' || graph.kind === 'sequential' ? 0 : longestWalk(graph);
  if (depth > MAX_KERAS_CHAIN) {
    return {
      layer,
      field: 'layers',
      reason: `is ${depth} layers deep; Keras walks a model by recursion and fails beyond about ${MAX_KERAS_CHAIN}`,
    };
  }
  return undefined;
}

/** Whether the ends of a model are written as a list of references, or not at all. */
const isPlainList = (ends: JsonValue | undefined): boolean =>
  ends === undefined ||
  (isArray(ends) && ends.items.every(({ value }) => isArray(value) && nameIn(value) !== undefined));

/** A global pooling whose kept dimensions a layer behind it needs. */
function findSquashed(graph: Graph): string | undefined {
  const { nodes } = resolveGraph(graph);
  const squashed = findSquashedNodes(nodes);
  const reader = nodes.find(
    ({ layer, inputs }) =>
      factsOfLayer(layer).spatialRank !== undefined && inputs.some(({ node }) => squashed.has(node)),
  );
  const pool = reader?.inputs.map(({ node }) => squashed.get(node)).find((node) => node !== undefined);
  return pool === undefined ? undefined : nodes[pool]!.layer.name;
}

type Finding = Omit<Blocker, 'layer'>;

function layerBlocker(layer: Layer, loader: Loader): Finding | undefined {
  const module = getMember(layer.entry, 'module');
  const hasModule = module !== undefined;
  if (loader === 'keras3' && layer.isOperation && layer.entry !== undefined && !hasModule)
    return { field: 'module', reason: 'is missing, as in all .h5 files: Keras 3 looks for a layer of this name' };
  // What keras.applications brings along, Keras 3 finds by its module.
  const isFound = loader === 'keras3' && stringOf(module)?.startsWith('keras.src.applications.');
  const inside = getMember(listEntries(layer).at(-1), 'module') !== undefined;
  const found =
    layer.graph === undefined && !isFound ? classBlocker(layer.className, layer.settings, inside, loader) : undefined;
  return found ?? wrapperBlocker(layer, loader) ?? callBlocker(layer, loader) ?? nameBlocker(layer.name, loader);
}

/** What stops a loader at the wrappers around a layer. A model of several inputs runs in those of Keras 2 alone. */
function wrapperBlocker(layer: Layer, loader: Loader): Finding | undefined {
  const { wrappers = [], graph } = layer;
  const entries = listEntries(layer);
  for (const [depth, { settings }] of wrappers.entries()) {
    const hasModule = getMember(entries[depth], 'module') !== undefined;
    const found = classBlocker('TimeDistributed', settings, hasModule, loader);
    if (found !== undefined) return found;
    const inside = entries[depth + 1];
    if (loader === 'keras3' && inside !== undefined && getMember(inside, 'module') === undefined)
      return { field: 'layer', reason: 'names no module, in which Keras 3 looks for its class' };
  }
  const isOne = wrappers.length === 0 || graph === undefined || graph.inputs.length === 1;
  return isOne || loader === 'keras2' ? undefined : { field: 'layer', reason: 'is a model of several inputs' };
}

const callBlocker = ({ calls }: Layer, loader: Loader): Finding | undefined =>
  loader !== 'keras3' && calls.some((call) => call.read !== undefined && isKeras3Call(call.read.json))
    ? { field: 'inbound_nodes', reason: 'is written the way of Keras 3, with args and kwargs' }
    : undefined;

function classBlocker(
  className: string,
  settings: PlainObject,
  hasModule: boolean,
  loader: Loader,
): Finding | undefined {
  const facts = factsOf(className, settings);
  if (!facts.loads.includes(loader))
    return { field: 'class_name', reason: `is ${className}, a class it does not have` };
  for (const { loaders, field, reason, stops, isSilent } of facts.refusedFields ?? []) {
    if (!isSilent && loaders.includes(loader) && stops(settings[field], hasModule)) return { field, reason };
  }
  const unknown = loader === 'tfjs' ? undefined : findUnknownField(className, settings, hasModule, loader);
  if (unknown !== undefined) return { field: unknown, reason: 'is an argument it does not know' };
  for (const held of heldLayers(settings)) {
    const inside = classBlocker(classNameOf(held) ?? '', held.config as PlainObject, hasModule, loader);
    if (inside !== undefined) return inside;
  }
  return fieldBlocker(settings, loader);
}

/** Layers and cells inside a layer's config: those of Bidirectional, TimeDistributed and RNN. */
const heldLayers = ({ layer, backward_layer, cell, cells }: PlainObject): readonly PlainObject[] =>
  [layer, backward_layer, cell, ...(Array.isArray(cells) ? (cells as readonly Plain[]) : [])].filter(
    (held): held is PlainObject => isPlainObject(held) && isPlainObject(held.config),
  );

/** Keras stops at an argument that it does not know, whatever its value. */
const findUnknownField = (
  className: string,
  settings: PlainObject,
  hasModule: boolean,
  loader: Loader,
): string | undefined =>
  Object.entries(settings).find(([field, value]) => {
    // Of entries without a module Keras 3 takes an input's shape off, wherever it stands.
    if (loader === 'keras3' && !hasModule && field === 'batch_input_shape') return false;
    const standing = fieldStanding(className, field, value ?? null, loader);
    return standing === 'spare' || standing === 'missing';
  })?.[0];

function nameBlocker(name: string, loader: Loader): Finding | undefined {
  if (loader === 'tfjs' && name in Object.prototype)
    return { field: 'name', reason: 'is the name of a property that every JavaScript object has' };
  if (loader === 'keras3' && name.includes('/')) return { field: 'name', reason: 'holds a "/"' };
  if (loader === 'keras2' && !/^[A-Za-z0-9.][A-Za-z0-9_.\\/>-]*$/.test(name))
    return { field: 'name', reason: 'is no valid TensorFlow scope' };
  return undefined;
}

function fieldBlocker(settings: PlainObject, loader: Loader): Finding | undefined {
  if (loader === 'tfjs' && hasActivityRegularizer(settings))
    return { field: 'activity_regularizer', reason: 'is not supported' };
  for (const [field, value] of Object.entries(settings)) {
    const stoppedBy = isPlainObject(value) ? objectBlocker(field, value, loader) : undefined;
    if (stoppedBy !== undefined) return stoppedBy;
    if (field.endsWith('activation')) {
      const stopped = activationBlocker(field, value, loader);
      if (stopped !== undefined) return stopped;
    }
  }
  return undefined;
}

function objectBlocker(field: string, value: PlainObject, loader: Loader): Finding | undefined {
  const className = classNameOf(value);
  const loads = className === undefined ? undefined : configObjectLoads(field, className);
  if (loads !== undefined && !loads.includes(loader))
    return { field, reason: `is ${className}, which it does not have` };
  if (loader !== 'keras2' || !isPlainObject(value.config)) return undefined;
  return value.config.input_axes === undefined
    ? undefined
    : { field, reason: 'has input_axes, an argument it does not know' };
}

function activationBlocker(field: string, value: Plain | undefined, loader: Loader): Finding | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') return { field, reason: 'is a function of its own' };
  return activationLoads(value)?.includes(loader)
    ? undefined
    : { field, reason: `is "${value}", a function it does not have` };
}

function classNameOf(value: Plain | undefined): string | undefined {
  const name = isPlainObject(value) ? value.class_name : undefined;
  return typeof name === 'string' ? name : undefined;
}
