import { type Container, factsOfContainer, isTfjs } from '../../containers.js';
import { LOADERS } from '../../format-names.js';
import { getMember, isObject, type JsonValue, stringOf, toPlain } from '../../json/json-value.js';
import { factsOf, isInput } from '../../layers/known-layers.js';
import { isMerge, type Loader } from '../../layers/layer-facts.js';
import { nameProblem } from '../../layers/layer-names.js';
import { TIME_DISTRIBUTED } from '../../layers/wrappers.js';
import { type Call, type Graph, type Layer, listGraphs, type Model, stepAxes } from '../../model/model.js';
import { isKeras3Call } from '../dialects/find-dialect.js';
import { isListOfOne, wantsListedEnds } from '../dialects/single-ends.js';
import { isReferenceList } from '../dialects/tensor-references.js';
import { listEntries } from '../dialects/wrapped-entries.js';
import { withExplicitDefaults } from '../explicit-defaults.js';
import { findsNoWeights } from '../keras/keras-versions.js';
import { memoizeByObject } from '../memoize-by-object.js';
import { findSettingsBlocker } from '../tfjs/settings-blocker.js';
import { findTfjsSource, tfjsSettings } from '../tfjs/tfjs-source.js';
import { findMisnamed } from '../tfjs/weight-names.js';
import { type Blocker, classBlocker, type Finding, WITHOUT_MODULE } from './class-blocker.js';
import { findBfloat16 } from './find-bfloat16.js';
import { findForgotten } from './find-forgotten.js';
import { findSharedObject } from './find-shared-object.js';
import { findUntrusted } from './find-untrusted.js';
import { graphBlocker } from './graph-blocker.js';
import { findEllipsis } from './known-slices.js';
import { feedsLayer, listNestedPlaces, type NestedPlace } from './nested-places.js';

// Whether a loader takes a model is put together here: what a layer's config says is judged in class-blocker.ts, calls and
// their order in graph-blocker.ts, the sizes of what they read in shape-blocker.ts; find-*.ts are the rules of single loaders
// about whole files.

export interface LoaderVerdict {
  readonly loader: Loader;
  readonly ok: boolean;
  readonly blockedBy: Blocker | null;
}

/**
 * Lists which loaders take a model's architecture as it is written, without custom code.
 * @param container of the architecture: Keras 3 asks more of `.keras` files and of bare JSON than of `.h5`
 * @param settings the `trainingConfig` of a model.json, by which TensorFlow.js compiles the model
 */
export const listLoaders = (graph: Graph, container?: Container, settings?: JsonValue): readonly LoaderVerdict[] =>
  LOADERS.map((loader) => verdictOf(loader, findBlocker(graph, loader, { container, settings })));

const verdictOf = (loader: Loader, blocker: Blocker | undefined): LoaderVerdict => ({
  loader,
  ok: blocker === undefined,
  blockedBy: blocker === undefined ? null : { layer: blocker.layer, field: blocker.field, reason: blocker.reason },
});

/** Facts besides the graph that a loader depends on: see `listLoaders`. */
interface FileFacts {
  readonly container?: Container | undefined;
  readonly settings?: JsonValue | undefined;
  /** The version of Keras in question; default: today's. */
  readonly kerasVersion?: string | undefined;
}

/** Returns why a loader refuses a model's architecture; undefined where it loads. */
export function findBlocker(
  graph: Graph,
  loader: Loader,
  { container, settings, kerasVersion }: FileFacts,
): Blocker | undefined {
  const {
    modules = [],
    sharesObjectsIn,
    isLegacy = false,
  } = container === undefined ? {} : factsOfContainer(container);
  return (
    rootBlocker(graph, loader, modules) ??
    (sharesObjectsIn?.includes(loader) ? findSharedObject(graph) : undefined) ??
    findInside(graph, loader, { isLegacy, takesLists: wantsListedEnds(kerasVersion) }) ??
    (loader === 'tfjs' && settings !== undefined ? settingsBlocker(graph, settings) : undefined)
  );
}

function settingsBlocker(graph: Graph, settings: JsonValue): Blocker | undefined {
  const found = findSettingsBlocker(
    toPlain(settings),
    graph.outputs.map((ref) => ref.layer),
  );
  return found && { layer: graph.name, field: `trainingConfig.${found.field}`, reason: found.reason };
}

/** How a loader reads layers, by the kind of the file and the version of Keras. */
interface LayerReading {
  readonly isLegacy: boolean;
  /** Whether a model that gives a list of one to the next layer gives it the tensor. */
  readonly takesLists: boolean;
}

function findInside(root: Graph, loader: Loader, { isLegacy, takesLists }: LayerReading): Blocker | undefined {
  const places = listNestedPlaces(root);
  for (const { graph, path } of listGraphs(root)) {
    const found =
      nestedBlocker(graph, places, loader, takesLists) ?? graphBlocker(graph, path.at(-1) ?? graph.name, loader);
    if (found !== undefined) return found;
    for (const layer of graph.layers) {
      if (layer.implicit) continue;
      const blocker = layerBlocker(layer, loader, isLegacy);
      if (blocker !== undefined) return { layer: layer.name, ...blocker };
    }
  }
  return undefined;
}

/** `.h5` files name the class of the model alone; `.keras` files say its module, and so do those that Keras 3 reads bare. */
function rootBlocker(graph: Graph, loader: Loader, modules: readonly Loader[]): Blocker | undefined {
  if (graph.read === undefined || !modules.includes(loader)) return undefined;
  if (loader === 'keras3' && isObject(graph.read.config) && getMember(graph.read.config, 'name') === undefined)
    return { layer: graph.name, field: 'name', reason: 'is missing' };
  if (loader === 'keras3') return moduleBlocker(graph, graph.name, true);
  return graph.read.module === undefined ? withoutModule(graph.name, 'Keras 2') : undefined;
}

const withoutModule = (layer: string, keras: string): Blocker => ({
  layer,
  field: 'module',
  reason: `is missing: ${keras} looks for the class in it`,
});

function moduleBlocker({ read }: Graph, layer: string, isNeeded: boolean): Blocker | undefined {
  const module = read?.module;
  if (module === undefined) return isNeeded ? withoutModule(layer, 'Keras 3') : undefined;
  if (/^keras(?:\.src\.models\..*)?$/.test(module)) return undefined;
  return { layer, field: 'module', reason: `is "${module}", which Keras 3 does not have` };
}

function nestedBlocker(
  graph: Graph,
  places: ReadonlyMap<Graph, NestedPlace>,
  loader: Loader,
  takesLists: boolean,
): Blocker | undefined {
  const place = places.get(graph);
  if (loader !== 'keras3' || place === undefined) return undefined;
  const layer = place.holder.name;
  // What was translated is written as Keras 3 numbers it.
  const isOfKeras2 = graph.read?.dialect === 'keras2';
  const isNumbered = isOfKeras2 && isNumberedOtherwise(graph, place);
  if (isNumbered || (isOfKeras2 && graph.kind === 'functional' && feedsLayer(place, places))) {
    const reason = isNumbered ? 'numbers its calls otherwise' : 'makes a list of what it gives to the next layer';
    return { layer, field: 'inbound_nodes', reason: `is a model in a model: Keras 3 ${reason}` };
  }
  if (!takesLists && feedsLayer(place, places) && isListOfOne(graph.structures?.outputs))
    return { layer, field: 'output_layers', reason: 'is a list of one: Keras 3 gives the next layer a list' };
  return moduleBlocker(graph, layer, false);
}

/** Keras 3 counts the calls of a model from 0, those of a functional one that is an output from 1, as Keras 2 counts all. */
function isNumberedOtherwise(graph: Graph, { parent, holder }: NestedPlace): boolean {
  if (parent.kind === 'sequential' || stepAxes(holder) > 0 || graph.layers.some((inner) => inner.implicit))
    return false;
  const isRead = () =>
    parent.layers.some(({ calls }) => calls.some(({ inputs }) => inputs.some((ref) => ref.layer === holder.name)));
  return graph.kind === 'sequential' || isRead();
}

function layerBlocker(layer: Layer, loader: Loader, isLegacy: boolean): Finding | undefined {
  const module = getMember(layer.entry, 'module');
  const hasModule = module !== undefined;
  if (loader === 'keras3' && layer.isOperation && layer.entry !== undefined && !hasModule)
    return { field: 'module', reason: 'is missing, as in all .h5 files: Keras 3 looks for a layer of this name' };
  // Keras 3 finds the layers of keras.applications by their module.
  const home = factsOf(layer.className, {}).module;
  const isFound = loader === 'keras3' && home !== undefined && stringOf(module) === home;
  const entry = listEntries(layer).at(-1);
  const inside = getMember(entry, 'module') !== undefined;
  if (loader === 'keras3' && layer.wrappers !== undefined && entry !== undefined && !inside)
    return { field: 'layer', reason: WITHOUT_MODULE };
  const found =
    layer.graph === undefined && !isFound
      ? classBlocker(layer.className, layer.settings, { loader, hasModule: inside, isLegacy })
      : undefined;
  // An input opens no scope in Keras 2.
  const isScope = loader !== 'keras2' || !isInput(layer.className);
  const name = isScope ? nameProblem(layer.name, loader) : undefined;
  return (
    found ??
    wrapperBlocker(layer, loader, isLegacy) ??
    callBlocker(layer, loader) ??
    (name === undefined ? undefined : { field: 'name', reason: name })
  );
}

/** Returns why a loader refuses a layer's wrappers. A model of several inputs runs in those of Keras 2 alone. */
function wrapperBlocker(layer: Layer, loader: Loader, isLegacy: boolean): Finding | undefined {
  const { wrappers = [], graph } = layer;
  const entries = listEntries(layer);
  for (const [depth, { settings }] of wrappers.entries()) {
    const hasModule = getMember(entries[depth], 'module') !== undefined;
    const found = classBlocker(TIME_DISTRIBUTED, settings, { loader, hasModule, isLegacy });
    if (found !== undefined) return found;
    const inside = entries[depth + 1];
    if (loader === 'keras3' && inside !== undefined && getMember(inside, 'module') === undefined)
      return { field: 'layer', reason: 'names no module, in which Keras 3 looks for its class' };
  }
  const isOne = wrappers.length === 0 || graph === undefined || graph.inputs.length === 1;
  return isOne || loader === 'keras2' ? undefined : { field: 'layer', reason: 'is a model of several inputs' };
}

const judgeOnce = memoizeByObject<readonly Call[], Loader, Finding | undefined>();

const callBlocker = (layer: Layer, loader: Loader): Finding | undefined =>
  judgeOnce(layer.calls, loader, () => findCallBlocker(layer, loader));

function findCallBlocker({ className, settings, calls }: Layer, loader: Loader): Finding | undefined {
  const field = 'inbound_nodes';
  const written = calls.flatMap(({ read }) => (read === undefined ? [] : [read.json]));
  if (loader !== 'keras3' && written.some(isKeras3Call))
    return { field, reason: 'is written the way of Keras 3, with args and kwargs' };
  if (loader === 'tfjs' && !written.every(isReferenceList)) return { field, reason: 'is no list of lists of lists' };
  if (loader === 'tfjs' && isMerge(factsOf(className, settings).role) && calls.some(({ inputs }) => inputs.length < 2))
    return { field, reason: 'calls it with one tensor alone' };
  return undefined;
}

/** Lists which loaders take a model as its file is, the places and the names of its weights included. */
export function listModelLoaders(model: Model): readonly LoaderVerdict[] {
  const { container, dialect } = model.format;
  const settings = tfjsSettings(model);
  // TensorFlow.js gets to see a file of Keras converted alone, with what Keras takes for fields that are not there.
  const isConverted = !isTfjs(container) && dialect === 'keras2';
  const converted = isConverted ? withExplicitDefaults(model.graph, dialect) : model.graph;
  return LOADERS.map((loader) => {
    const blocker = findBlocker(loader === 'tfjs' ? converted : model.graph, loader, { container, settings });
    const isOwn = (loader === 'tfjs') === isTfjs(container);
    return verdictOf(loader, blocker ?? (isOwn ? fileBlocker(model, loader) : undefined));
  });
}

/** Returns why the loaders of a file refuse it besides its layers: its spelling, and its weights. */
function fileBlocker(model: Model, loader: Loader): Blocker | undefined {
  const { graph, format, kerasVersion } = model;
  if (isTfjs(format.container)) return spellingBlocker(model) ?? findMisnamed(graph);
  const found =
    findForgotten(graph, loader, format.weightLayout) ??
    findBfloat16(graph, loader, format.weightLayout) ??
    findUntrusted(graph, loader, format.container) ??
    (factsOfContainer(format.container).losesEllipsisIn?.includes(loader) ? findEllipsis(graph) : undefined);
  if (found !== undefined) return found;
  if (!findsNoWeights(format.weightLayout, kerasVersion)) return undefined;
  const reason = `is ${kerasVersion}, and no later Keras than 2.14 finds the weights of such a file`;
  return { layer: graph.name, field: 'keras_version', reason };
}

/** TensorFlow.js takes the topology for the model itself where its config is spelt otherwise. */
function spellingBlocker(model: Model): Blocker | undefined {
  const topology = getMember(findTfjsSource(model)?.document.root, 'modelTopology');
  if (getMember(topology, 'model_config') !== undefined || getMember(topology, 'modelConfig') === undefined)
    return undefined;
  return {
    layer: model.graph.name,
    field: 'modelTopology',
    reason: 'has a modelConfig, which is read as model_config alone',
  };
}

/** Returns why TensorFlow.js refuses the file of a TensorFlow.js model. */
export const tfjsBlocker = (model: Model): Blocker | undefined =>
  findBlocker(model.graph, 'tfjs', { container: 'tfjs', settings: tfjsSettings(model) }) ?? fileBlocker(model, 'tfjs');
