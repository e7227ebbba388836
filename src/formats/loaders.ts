import { getMember, isPlainObject, type Plain, type PlainObject } from '../json/json-value.js';
import { activationLoads } from '../layers/activations.js';
import { hasActivityRegularizer } from '../layers/config.js';
import { configObjectLoads } from '../layers/config-objects.js';
import { factsOf } from '../layers/known-layers.js';
import type { Loader } from '../layers/layer-facts.js';
import { MAX_KERAS_CHAIN } from '../limits.js';
import { resolveGraph } from '../model/graph-nodes.js';
import { longestWalk } from '../model/layer-order.js';
import { type Graph, type Layer, listGraphs } from '../model/model.js';
import { findSquashedNodes } from '../model/squashed-nodes.js';

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
 * Which loaders take a model's architecture as it is written, custom code not being there. For Keras 3 that means what
 * `keras.models.load_model` makes of the same config in an `.h5` file.
 */
export const listLoaders = (graph: Graph): readonly LoaderVerdict[] =>
  LOADERS.map((loader) => {
    const blockedBy = findBlocker(graph, loader) ?? null;
    return { loader, ok: blockedBy === null, blockedBy };
  });

function findBlocker(root: Graph, loader: Loader): Blocker | undefined {
  for (const { graph, path } of listGraphs(root)) {
    const found = graphBlocker(graph, path, loader);
    if (found !== undefined) return found;
    for (const layer of graph.layers) {
      if (layer.implicit) continue;
      const blocker = layerBlocker(layer, loader);
      if (blocker !== undefined) return { layer: layer.name, ...blocker };
    }
  }
  return undefined;
}

function graphBlocker(graph: Graph, path: readonly string[], loader: Loader): Blocker | undefined {
  const layer = path.at(-1) ?? graph.name;
  if (loader === 'keras3' && path.length > 0 && !graph.layers.some((inner) => inner.implicit)) {
    return { layer, field: 'inbound_nodes', reason: 'is a model in a model: Keras 3 numbers its calls otherwise' };
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
    if ('kind' in graph.read.config && graph.read.config.kind === 'array') {
      return { layer, field: 'config', reason: 'is a list of layers, which Keras 3 no longer reads' };
    }
    const input = graph.layers[0]!;
    if (input.implicit && graph.layers[1]!.settings.batch_input_shape !== undefined) {
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

/** A global pooling whose kept dimensions a layer behind it needs. */
function findSquashed(graph: Graph): string | undefined {
  const { nodes } = resolveGraph(graph);
  const squashed = findSquashedNodes(graph);
  const reader = nodes.find(
    ({ layer, inputs }) =>
      factsOf(layer.className, layer.settings).spatialRank !== undefined &&
      inputs.some(({ node }) => squashed.has(node)),
  );
  const pool = reader?.inputs.map(({ node }) => squashed.get(node)).find((node) => node !== undefined);
  return pool === undefined ? undefined : nodes[pool]!.layer.name;
}

type Finding = Omit<Blocker, 'layer'>;

function layerBlocker(layer: Layer, loader: Loader): Finding | undefined {
  const hasModule = getMember(layer.entry, 'module') !== undefined;
  const found =
    layer.graph === undefined ? classBlocker(layer.className, layer.settings, hasModule, loader) : undefined;
  return found ?? nameBlocker(layer.name, loader);
}

function classBlocker(
  className: string,
  settings: PlainObject,
  hasModule: boolean,
  loader: Loader,
): Finding | undefined {
  const facts = factsOf(className, settings);
  if (!facts.loads.includes(loader))
    return { field: 'class_name', reason: `is ${className}, a class it does not have` };
  for (const { loaders, field, reason, stops } of facts.refusedFields ?? []) {
    if (loaders.includes(loader) && stops(settings[field], hasModule)) return { field, reason };
  }
  // A wrapper holds the layer it wraps: Bidirectional, TimeDistributed.
  const { layer } = settings;
  const wrapped = isPlainObject(layer) && isPlainObject(layer.config) ? layer.config : undefined;
  const inside = wrapped && classBlocker(classNameOf(layer) ?? '', wrapped, hasModule, loader);
  return inside ?? fieldBlocker(settings, loader);
}

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
    if (field.endsWith('activation')) {
      const stopped = activationBlocker(field, value, loader);
      if (stopped !== undefined) return stopped;
      continue;
    }
    const className = classNameOf(value);
    const loads = className === undefined ? undefined : configObjectLoads(field, className);
    if (loads !== undefined && !loads.includes(loader))
      return { field, reason: `is ${className}, which it does not have` };
  }
  return undefined;
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
