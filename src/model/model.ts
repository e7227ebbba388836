import { type Container, factsOfContainer, isTfjs, type WrittenContainer } from '../containers.js';
import type { DIALECTS, WEIGHT_LAYOUTS } from '../format-names.js';
import { fromPlain, type JsonObject, type JsonValue, type PlainObject } from '../json/json-value.js';
import type { Loader, Shape } from '../layers/layer-facts.js';
import { TIME_DISTRIBUTED } from '../layers/wrappers.js';
import type { CallArguments } from './call-arguments.js';
import type { TensorValues, Weight } from './tensor.js';

/** One output of one call of a layer. Calls count from 0 here, whatever the dialect writes. */
export interface TensorRef {
  readonly layer: string;
  readonly call: number;
  readonly tensor: number;
}

/** One call of a layer: a node of the graph. */
export interface Call {
  /** The tensors it reads, in the order the loaders visit them. */
  readonly inputs: readonly TensorRef[];
  /** The call as it was read, with the tensors it named then; undefined for a call made here. */
  readonly read?: ReadCall | undefined;
  /** The shapes that the file states of each input: several where it does so in several places. */
  readonly stated?: readonly (readonly Shape[])[] | undefined;
  /** Whether the call has more to it than tensors: constants, keyword arguments other than empty ones, structures. */
  readonly hasArguments?: true;
  /** Keyword arguments without tensors, of a call that was not read: `{"training": false}`. */
  readonly keywords?: JsonObject | undefined;
  /** All arguments, of a call that was made here and has more to it than tensors and keywords. */
  readonly arguments?: CallArguments | undefined;
}

export interface ReadCall {
  readonly json: JsonValue;
  readonly inputs: readonly TensorRef[];
  readonly arguments: CallArguments;
}

/** A TimeDistributed around a layer, which computes it for every step of a sequence by itself. */
export interface Wrapper {
  /** Its config as it was read, the layer inside too; without `layer` where it was made here. */
  readonly config: JsonObject;
  /** The config as ordinary data, without `layer`. */
  readonly settings: PlainObject;
}

/** A layer, or one in a TimeDistributed: then the name, the calls and the entry are the wrapper's, all else that of the layer inside. */
export interface Layer {
  readonly name: string;
  readonly className: string;
  readonly config: JsonObject;
  /** The config as ordinary data, for the facts in src/layers. */
  readonly settings: PlainObject;
  readonly calls: readonly Call[];
  readonly weights: readonly Weight[];
  /** The model inside, where the layer is one. */
  readonly graph?: Graph | undefined;
  /** Wrappers around the layer, outermost first; absent around a layer without any. */
  readonly wrappers?: readonly Wrapper[] | undefined;
  /** The layer's entry as it was read; undefined for a layer made here. */
  readonly entry?: JsonObject | undefined;
  /** Sizes that changed, in turn, in the shapes of what it reads: its text may state them. */
  readonly newSizes?: readonly NewSize[] | undefined;
  /** An input that a Sequential model has but does not write. */
  readonly implicit?: true;
  /** A Keras 3 operation: a node of the graph that is no layer, has no weights and no place in `model.layers`. */
  readonly isOperation?: true;
}

export interface NewSize {
  readonly before: number;
  readonly after: number;
}

export interface Graph {
  readonly name: string;
  readonly kind: 'functional' | 'sequential';
  readonly layers: readonly Layer[];
  readonly inputs: readonly TensorRef[];
  readonly outputs: readonly TensorRef[];
  /** How a functional model's inputs and outputs are nested; undefined: one alone, or several in a list. */
  readonly structures?: { readonly inputs: Structure; readonly outputs: Structure } | undefined;
  /** Whether the model as a whole is not trainable. */
  readonly isFrozen: boolean;
  /** The graph as it was read; undefined for one that was made here, or translated into another dialect. */
  readonly read?: GraphSource | undefined;
}

/** A tensor, or a list or dictionary of such. Loaders flatten a dictionary by its keys, sorted. */
export type Structure =
  | { readonly kind: 'tensor' }
  | { readonly kind: 'list'; readonly parts: readonly Structure[] }
  | { readonly kind: 'dict'; readonly parts: ReadonlyMap<string, Structure> };

/** Data that a reader keeps of a graph for the writer of the same dialect, and to tell whether the graph changed. */
export interface GraphSource {
  readonly dialect: Dialect;
  readonly className: string;
  /** The Python module of the class, where the file names it. */
  readonly module?: string | undefined;
  readonly config: JsonValue;
  /** The object around the config: `{class_name, config, ...}`. */
  readonly entry: JsonObject;
  readonly layers: readonly Layer[];
  readonly outputs: readonly TensorRef[];
  readonly sequentialText: SequentialText;
}

/** How a dialect puts down the Sequential model that a graph was read from, and makes the graph one again. */
export interface SequentialText {
  readonly describe: (source: GraphSource) => string;
  /** Returns the same graph where the text is not one of ours, or does not fit because layers were added since. */
  readonly restore: (graph: Graph, recorded: RecordedSequential) => Graph;
}

export type Dialect = (typeof DIALECTS)[number];
export type WeightLayout = (typeof WEIGHT_LAYOUTS)[number];

export interface Format {
  readonly container: Container;
  readonly dialect: Dialect;
  readonly weightLayout: WeightLayout;
}

/** A format that models are written in, too. */
export interface WrittenFormat extends Format {
  readonly container: WrittenContainer;
}

/** The format of new files of a container. */
export const newFormat = (container: WrittenContainer, dialect: Dialect): WrittenFormat => ({
  container,
  dialect,
  weightLayout: factsOfContainer(container).weightLayout,
});

/**
 * Returns the loader whose names a model of a format uses. The converter of TensorFlow.js copies those of Keras 3 into
 * its files unchanged, and TensorFlow.js does not know them: tensorflow/tfjs 8328.
 */
export const loaderOf = ({ container, dialect }: Format): Loader =>
  isTfjs(container) && dialect === 'keras2' ? 'tfjs' : dialect;

/** A file that a model consists of, as it was when it was read. */
export interface ModelFile {
  readonly path: string;
  readonly byteLength: number;
  /** Tells the file from every other, and from itself changed. */
  readonly identity: string;
}

/** A warning to the user by the reader or a transform; `where` is a layer or a field. */
export interface Warning {
  readonly code: string;
  readonly message: string;
  readonly where: string | null;
}

/** A module that was added. `graph` holds the names of the nested models around it. */
export interface RecordedModule {
  readonly name: string;
  readonly after: string;
  readonly graph: readonly string[];
  readonly exactBy: string | null;
  /** Weights that were doubled for it, in its own graph; early records do not list them. */
  readonly doubled?: readonly { readonly layer: string; readonly weight: string }[];
}

/** How often a tensor was doubled, for all modules together. */
export interface RecordedDoubling {
  readonly graph: readonly string[];
  readonly layer: string;
  readonly weight: string;
  readonly exponent: number;
  /** Scale and min of a quantised tensor, as the file had them before: 1e-05 is 0.00001 too. */
  readonly quantization?: { readonly scale: string; readonly min: string };
}

export interface RecordedSequential {
  readonly graph: readonly string[];
  readonly text: string;
  /** Its input was not written: the first layer stated the shape. */
  readonly hasNoInput?: true;
}

/** The layer that gives a module's features, scaled. */
export const scaleName = (module: string): string => `${module}_scale`;

/** Changes made to a model, recorded in the file itself so that they can be undone and checked. */
export interface RetrofitRecord {
  readonly version: 1;
  readonly modules: readonly RecordedModule[];
  readonly doubled: readonly RecordedDoubling[];
  /** Models that were Sequential before: the text of each, with `null` for its layers and for parts kept elsewhere. */
  readonly sequential?: readonly RecordedSequential[];
  /** Layers that were frozen in place of the whole model, by their former `trainable`: true, or absent. */
  readonly frozen?: { readonly trainable: readonly string[]; readonly unsaid: readonly string[] };
  /** Names of the classes by output unit, of a model whose head was replaced. */
  readonly classes?: readonly string[];
  /** The metadata that the record replaced, as a text, where they held nothing. */
  readonly metadata?: string;
}

export interface ReadGraph {
  readonly graph: Graph;
  readonly format: Format;
  /** The `trainingConfig` of a model.json, by which TensorFlow.js compiles the model. */
  readonly settings: JsonValue | undefined;
}

/** A saved model as a document: its graph, its lazy weights, and what its format needs to write it back. */
export interface Model {
  readonly path: string;
  readonly format: Format;
  readonly graph: Graph;
  /** The version of Keras that saved the model, where the file says it. */
  readonly kerasVersion?: string | undefined;
  /** The version of TensorFlow that wrote it, where the file says it. */
  readonly tensorflowVersion?: string | undefined;
  /** `{loss, metrics, ...}` as it was saved, with outputs by name. */
  readonly trainingConfig: JsonValue | undefined;
  readonly record: RetrofitRecord | undefined;
  /** Every file it was read from. */
  readonly files: readonly ModelFile[];
  /** Bytes of all of them. */
  readonly bytes: number;
  readonly warnings: readonly Warning[];
  /** Opens the weights for as long as `use` runs. */
  readonly withValues: <T>(use: (values: TensorValues) => Promise<T>) => Promise<T>;
  /**
   * Checks the checksums of stored weights whose bytes were copied unchanged.
   * @throws RetrofitError `bad-zip` where they are damaged
   */
  readonly ensureIntact?: (() => Promise<void>) | undefined;
  /** The graph before any change, and the other data by which its loader reads it. */
  readonly asRead?: ReadGraph | undefined;
  /** Data that the reader keeps for the writer of the same container; opaque to everybody else. */
  readonly carried: unknown;
}

/** A layer that is made here, not yet called. */
export const newLayer = (className: string, name: string, settings: PlainObject): Layer => ({
  name,
  className,
  settings,
  config: fromPlain(settings) as JsonObject,
  calls: [],
  weights: [],
});

/** A layer that was made here, computed for every step along so many axes. */
export function distribute(layer: Layer, axes: number): Layer {
  if (axes === 0) return layer;
  const { name, className, settings } = layer;
  const wrappers = Array.from({ length: axes }, (_, depth): Wrapper => {
    const own = { name: `${name}${STEP.repeat(depth)}`, trainable: settings.trainable, dtype: settings.dtype };
    const { config } = newLayer(TIME_DISTRIBUTED, name, own);
    return { config, settings: own };
  });
  const inside = { ...settings, name: `${name}${STEP.repeat(axes)}` };
  return { ...layer, settings: inside, config: newLayer(className, name, inside).config, wrappers };
}

/** Suffix that names the layer inside a wrapper after it. */
const STEP = '_step';

/** Counts the TimeDistributed around a layer: so many axes of steps lie between the batch and the layer's own axes. */
export const stepAxes = ({ wrappers }: Layer): number => wrappers?.length ?? 0;

/** The settings of a layer and of its wrappers. */
export const allSettings = ({ settings, wrappers = [] }: Layer): readonly PlainObject[] => [
  settings,
  ...wrappers.map((wrapper) => wrapper.settings),
];

/** Returns the settings that decide how a layer is called: its own, or those of the outermost wrapper. */
export const outerSettings = ({ settings, wrappers }: Layer): PlainObject => wrappers?.[0]?.settings ?? settings;

/** The name itself, or with the first number behind it that makes it free. */
export function freeName(base: string, isTaken: (name: string) => boolean, first = 2): string {
  let name = base;
  for (let count = first; isTaken(name); count++) name = `${base}_${count}`;
  return name;
}

/** Tells whether two lists name the same tensors, in the same order. */
export const sameTensors = (left: readonly TensorRef[], right: readonly TensorRef[]): boolean =>
  left.length === right.length &&
  left.every(({ layer, call, tensor }, index) => {
    const other = right[index];
    return other !== undefined && layer === other.layer && call === other.call && tensor === other.tensor;
  });

/** A key for maps over tensors. Layer names may hold any character, so the numbers stand first. */
export const tensorKey = (ref: TensorRef): string => `${ref.call}:${ref.tensor}:${ref.layer}`;

/** Every graph of the model, outermost first, with the names of the nested models that lead to it. */
export function* listGraphs(
  graph: Graph,
  path: readonly string[] = [],
): Generator<{ graph: Graph; path: readonly string[] }> {
  yield { graph, path };
  for (const layer of graph.layers)
    if (layer.graph !== undefined) yield* listGraphs(layer.graph, [...path, layer.name]);
}

/**
 * Maps every graph of the model, inner ones first: `change` is called with each graph after those inside it were
 * mapped. Graphs and layers in which nothing changes stay the same objects.
 */
export function mapGraphs(
  graph: Graph,
  change: (graph: Graph, path: readonly string[]) => Graph,
  path: readonly string[] = [],
): Graph {
  const layers = graph.layers.map((layer): Layer => {
    const inner = layer.graph && mapGraphs(layer.graph, change, [...path, layer.name]);
    return inner === layer.graph ? layer : { ...layer, graph: inner };
  });
  return change(withLayers(graph, layers), path);
}

/** The graph with these layers; the same object where they are its own. */
export const withLayers = (graph: Graph, layers: readonly Layer[]): Graph =>
  layers.length === graph.layers.length && layers.every((layer, index) => layer === graph.layers[index])
    ? graph
    : { ...graph, layers };

/** Finds the graph at the end of a path of nested models; undefined where there is none. */
export const findGraph = (root: Graph, path: readonly string[]): Graph | undefined =>
  path.reduce<Graph | undefined>((graph, name) => graph?.layers.find((layer) => layer.name === name)?.graph, root);

/** Tells whether two paths lead to the same graph. */
export const samePath = (left: readonly string[], right: readonly string[]): boolean =>
  left.length === right.length && left.every((name, index) => name === right[index]);

/** Counts layers as users do: nested models' layers too; implicit inputs and operations not. */
export function countLayers(graph: Graph): number {
  return graph.layers.reduce(
    (count, layer) =>
      count +
      (layer.implicit || layer.isOperation ? 0 : 1) +
      (layer.graph === undefined ? 0 : countLayers(layer.graph)),
    0,
  );
}
