import { factsOfContainer, isTfjs } from '../containers.js';
import { RetrofitError } from '../errors.js';
import { LOADER_NAMES } from '../format-names.js';
import { fromPlain, getMember, isObject, type JsonValue, withMember } from '../json/json-value.js';
import type { Loader } from '../layers/layer-facts.js';
import { inputShape } from '../layers/other-layers.js';
import { renameKeys } from '../model/compile-settings.js';
import {
  type Format,
  type Graph,
  type Layer,
  listGraphs,
  loaderOf,
  type Model,
  mapGraphs,
  type RetrofitRecord,
  type Warning,
} from '../model/model.js';
import { layerKey } from '../model/weight-key.js';
import {
  doesNotLoadWarning,
  fixedPhaseWarning,
  halfWarning,
  leftOutWarning,
  renamedWarning,
  structureWarnings,
  tooNewWarning,
  unfinishedWarning,
} from './conversion-warnings.js';
import { hasModule } from './dialects/new-entries.js';
import { cannotConvert, withoutInputShape } from './dialects/translate/cannot-convert.js';
import { holdsOperations, type Renaming, translateGraph } from './dialects/translate/translate-graph.js';
import { withExplicitDefaults } from './explicit-defaults.js';
import { isBefore215 } from './keras/keras-versions.js';
import { refuseAssets } from './keras/refuse-assets.js';
import { inBuiltOrder } from './tfjs/built-order.js';
import { withKnownSizes } from './tfjs/known-sizes.js';
import { withNestedLists } from './tfjs/nested-lists.js';
import { withSingleReads } from './tfjs/single-reads.js';
import { tfjsSettings } from './tfjs/tfjs-source.js';
import { type Blocker, classBlocker, type Finding } from './verdict/class-blocker.js';
import { findBfloat16 } from './verdict/find-bfloat16.js';
import { findForgotten } from './verdict/find-forgotten.js';
import { withoutEllipses } from './verdict/known-slices.js';
import { findBlocker, tfjsBlocker } from './verdict/loaders.js';
import { findShapeBlocker } from './verdict/shape-blocker.js';

/**
 * Converts a model to another format, whose loader knows the names of its layers. Weights stay where they are until
 * they are written.
 * @throws RetrofitError `cannot-convert`, naming the layer that the format cannot hold
 */
export function convertModel(model: Model, format: Format): Model {
  const isSame = isSameFiles(model.format, format);
  if (!isSame) refuseMisfits(model.graph);
  // Archives of before 2.15 keep them in other places.
  if (!isSame || isBefore215(model.kerasVersion)) refuseAssets(model);
  const converted = toFormat(model, format);
  checkLegacy(model, converted);
  const half = isSame ? undefined : findBfloat16(converted.graph, loaderOf(format), format.weightLayout);
  if (half !== undefined)
    throw cannotConvert(half.layer, half.field, `its ${half.field} ${half.reason}`, 'keep it there');
  const warnings = tooNewWarning(format, model.kerasVersion);
  // Problems that the model had in this container already are no fault of the conversion.
  if (format.container === model.format.container) return withWarnings(converted, warnings);
  return withWarnings(converted, [...warnings, ...unfinishedWarning(format, model.kerasVersion, model.graph)]);
}

/** The legacy files of Keras 3 leave out modules, without which it reads some fields otherwise. */
function checkLegacy({ format: before }: Model, { format, graph: root }: Model): void {
  if (loaderOf(format) !== 'keras3') return;
  const forgotten = findForgotten(root, 'keras3', format.weightLayout);
  if (forgotten !== undefined) throw wantsModules(forgotten.layer, forgotten);
  if (!factsOfContainer(format.container).isLegacy) return;
  const isSame = isSameFiles(before, format);
  for (const { graph } of listGraphs(root)) {
    // What stands in a wrapper keeps its module.
    for (const { name, className, settings, graph: inner, wrappers } of graph.layers) {
      if (inner !== undefined || wrappers !== undefined) continue;
      const judge = (hasModule: boolean) =>
        classBlocker(className, settings, { loader: 'keras3', hasModule, isLegacy: true });
      const found = judge(true) === undefined ? judge(false) : undefined;
      // A file that does not load may stay such a one, not one that loads as another model.
      if (found !== undefined && (found.isMisread || !isSame)) throw wantsModules(name, found);
    }
  }
}

const wantsModules = (layer: string, { field, reason }: Finding) =>
  cannotConvert(layer, field, `its ${field} ${reason}`, 'give -o a name in .keras');

const isSameFiles = (before: Format, after: Format): boolean =>
  before.container === after.container && before.dialect === after.dialect;

/**
 * Refuses layers that are not built on inputs like theirs.
 * @param loader undefined for what no loader builds: it does not load in another format either
 */
function refuseMisfits(root: Graph, loader?: Loader): void {
  for (const { graph } of listGraphs(root)) {
    const misfit = findShapeBlocker(graph, loader);
    if (misfit === undefined) continue;
    const { layer, field, reason } = misfit;
    const [said, hint] =
      loader === undefined
        ? ([
            'the model does not load as it is, nor would it in another format',
            'fix the file itself, or save the model again with the program that made it',
          ] as const)
        : ([
            `${LOADER_NAMES[loader]} would not load it`,
            'keep the model in the format it is in, or rebuild it with other layers in its place',
          ] as const);
    throw cannotConvert(layer, field, `${said}: ${field} ${reason}`, hint);
  }
}

function toFormat(model: Model, format: Format): Model {
  const from = loaderOf(model.format);
  const to = loaderOf(format);
  const losesOperations = !keepsOperations(format) && model.format.container !== format.container;
  const keepsWeights = !isTfjs(model.format.container) || isTfjs(format.container);
  if (from === to && keepsWeights && !(losesOperations && to === 'keras3' && holdsOperations(model.graph))) {
    if (format.container === model.format.container)
      return isTfjs(format.container) ? loadable({ ...model, format }) : { ...model, format };
    const losesEllipsis = factsOfContainer(format.container).losesEllipsisIn?.includes(to);
    const said = losesEllipsis ? withoutEllipses(model.graph) : model.graph;
    const moved = { ...model, format, graph: readable(said, format), record: movedRecord(model.record) };
    return settingsPlace(model.format) === settingsPlace(format) ? moved : withoutSettings(moved);
  }
  return { ...translated(model, format), carried: undefined };
}

function translated(model: Model, format: Format): Model {
  const from = loaderOf(model.format);
  const to = loaderOf(format);
  const nested = isTfjs(model.format.container) ? withNestedLists(model.graph, from === 'tfjs') : model.graph;
  const given = from !== to && from !== 'keras3' ? withExplicitDefaults(nested, from) : nested;
  const {
    graph: translated,
    renamed,
    renamedOutputs,
    leftOut,
    fixedPhases,
  } = translateGraph(given, to, {
    isMixed: isMixed(model, to),
    hasOperations: keepsOperations(format),
  });
  const sized = to === 'tfjs' && from !== 'tfjs' ? withKnownSizes(translated) : translated;
  const numbered = to === 'tfjs' ? inBuiltOrder(withSingleReads(sized)) : sized;
  refuseMisfits(numbered, to);
  const graph = readable(to === 'keras2' ? withNames(numbered) : numbered, format);
  const converted: Model = {
    ...model,
    format,
    graph,
    kerasVersion: undefined,
    record: renameRecord(movedRecord(model.record), renamed),
    warnings: [
      ...model.warnings,
      ...renamedWarning(renamed),
      ...leftOutWarning(leftOut, model.graph, to),
      ...fixedPhaseWarning(fixedPhases),
      ...structureWarnings(model.graph, to),
      ...halfWarning(graph),
    ],
  };
  // Compile settings of TensorFlow.js are those of Keras 2.
  if (from === 'keras3' || to === 'keras3' || settingsPlace(format) === 'topology') return withoutSettings(converted);
  return { ...converted, trainingConfig: renameKeys(model.trainingConfig, renamedOutputs) };
}

/**
 * A TensorFlow.js model as TensorFlow.js loads it, where it has words for all of it; one for which it has none stays as
 * it is. The weights stay where they are.
 */
function loadable(model: Model): Model {
  const blocker = tfjsBlocker(model);
  if (blocker === undefined) return model;
  const nested = { ...model, graph: withNestedLists(model.graph) };
  const left = architectureBlocker(nested.graph);
  // Custom losses and metrics may be defined when the model is loaded.
  if (isOwnCode(left ?? blocker, model)) return nested;
  const said = left === undefined ? withWarnings(nested, structureWarnings(model.graph, 'tfjs')) : inTfjsWords(nested);
  if (said === undefined) return withWarnings(nested, [doesNotLoadWarning('tfjs', left!)]);
  const compiles = architectureBlocker(said.graph, tfjsSettings(said)) === undefined;
  const message = `what is written loads in TensorFlow.js, the model as it is does not: ${blocker.field} ${blocker.reason}`;
  return withWarnings(compiles ? said : withoutSettings(said), [
    { code: 'made-loadable', message, where: blocker.layer },
  ]);
}

function inTfjsWords(model: Model): Model | undefined {
  try {
    return translated(model, model.format);
  } catch (error) {
    if (error instanceof RetrofitError && error.code === 'cannot-convert') return undefined;
    throw error;
  }
}

const architectureBlocker = (graph: Graph, settings?: JsonValue, by: Loader = 'tfjs'): Blocker | undefined =>
  findBlocker(graph, by, { container: 'tfjs', settings });

/** Tells whether a TensorFlow.js model has names its dialect lacks: TensorFlow.js ignores most of those of Keras 3. */
function isMixed(model: Model, to: Loader): boolean {
  if (to !== 'keras2' || loaderOf(model.format) !== 'tfjs') return false;
  const blocker = architectureBlocker(model.graph, undefined, to);
  return blocker !== undefined && !isOwnCode(blocker, model);
}

/**
 * Tells whether the model is to stay in its own dialect: users may have custom code that TensorFlow.js lacks, such as a
 * class under the name of one of Keras'. Layers whose names are properties of JavaScript's objects keep them.
 */
export const isOwnCode = ({ layer, field }: Blocker, { warnings }: Model): boolean =>
  field === 'class_name' ||
  (field === 'name' && layer in Object.prototype) ||
  warnings.some(({ code }) => code === 'carried-code');

/** The model with warnings, each of which is given once. */
function withWarnings(model: Model, warnings: readonly Warning[]): Model {
  const given = new Set(model.warnings.map(({ code }) => code));
  return { ...model, warnings: [...model.warnings, ...warnings.filter(({ code }) => !given.has(code))] };
}

/** Tells whether a format's files hold operations: TensorFlow.js has none, and `.h5` files lose Keras 3's modules. */
const keepsOperations = (format: Format): boolean =>
  loaderOf(format) === 'keras2' || (loaderOf(format) === 'keras3' && !factsOfContainer(format.container).isLegacy);

/** Writes a graph anew where entries lack the Python modules that its loaders need. */
function readable(graph: Graph, { container, dialect }: Format): Graph {
  const wantsModules = factsOfContainer(container).modules.includes(dialect);
  if (!wantsModules || saysModules(graph)) return graph;
  const [input] = graph.layers;
  if (input?.implicit && inputShape(input.settings) === undefined) throw withoutInputShape(input.name);
  return unread(graph);
}

/** Keras 2 takes the config of a model without a name for something else; TensorFlow.js needs none. */
const withNames = (root: Graph): Graph =>
  mapGraphs(root, (graph) => {
    const { read, name } = graph;
    if (!isObject(read?.config) || getMember(read.config, 'name') !== undefined) return graph;
    return { ...graph, read: { ...read, config: withMember(read.config, 'name', fromPlain(name)) } };
  });

const saysModules = ({ read, layers }: Graph): boolean =>
  read?.module !== undefined && layers.every(({ entry }) => entry === undefined || hasModule(entry));

/** The graph without the text it was read from; calls with arguments of their own keep theirs. */
const unread = (root: Graph): Graph =>
  mapGraphs(root, ({ read: _, ...graph }) => {
    const layers = graph.layers.map(({ entry: __, ...layer }): Layer => {
      const calls = layer.calls.map(({ read, ...call }) => (call.hasArguments ? { ...call, read } : call));
      return { ...layer, calls };
    });
    return { ...graph, layers };
  });

const settingsPlace = ({ container }: Format): 'topology' | 'beside' => factsOfContainer(container).settings;

function withoutSettings(model: Model): Model {
  if (!isCompiled(model.trainingConfig)) return { ...model, trainingConfig: undefined };
  const warning: Warning = {
    code: 'compile-settings-dropped',
    message:
      'the compile settings are left out: the new format says them in another way; compile the model before training it',
    where: null,
  };
  return { ...model, trainingConfig: undefined, warnings: [...model.warnings, warning] };
}

const isCompiled = (config: JsonValue | undefined): boolean =>
  isObject(config) && getMember(config, 'loss') !== undefined;

/** The record without texts of the file that the model was read from: another container has others. */
function movedRecord(record: RetrofitRecord | undefined): RetrofitRecord | undefined {
  if (record === undefined) return undefined;
  const { sequential: _, metadata: __, ...rest } = record;
  return rest;
}

function renameRecord(record: RetrofitRecord | undefined, renamed: readonly Renaming[]): RetrofitRecord | undefined {
  if (record === undefined) return undefined;
  const names = new Map(renamed.map(({ graph, before, after }) => [layerKey(graph, before), after]));
  const rename = (graph: readonly string[], name: string) => names.get(layerKey(graph, name)) ?? name;
  const renameAll = (graph: readonly string[]) => graph.map((name, depth) => rename(graph.slice(0, depth), name));
  return {
    ...record,
    modules: record.modules.map(({ graph, after, doubled, ...entry }) => ({
      ...entry,
      after: rename(graph, after),
      graph: renameAll(graph),
      ...(doubled && { doubled: doubled.map(({ layer, weight }) => ({ layer: rename(graph, layer), weight })) }),
    })),
    doubled: record.doubled.map(({ graph, layer, ...entry }) => ({
      ...entry,
      layer: rename(graph, layer),
      graph: renameAll(graph),
    })),
    ...(record.frozen && {
      frozen: {
        trainable: record.frozen.trainable.map((name) => rename([], name)),
        unsaid: record.frozen.unsaid.map((name) => rename([], name)),
      },
    }),
  };
}

/** The model with the names that its layers have in the other's format; as it is, where that format cannot hold it. */
export function inDialectOf({ format }: Model, model: Model): Model {
  if (loaderOf(format) === loaderOf(model.format)) return model;
  try {
    return convertModel(model, format);
  } catch (error) {
    if (error instanceof RetrofitError && error.code === 'cannot-convert') return model;
    throw error;
  }
}
