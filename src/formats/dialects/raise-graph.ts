import { inputError } from '../../errors.js';
import {
  getMember,
  isArray,
  isObject,
  type JsonObject,
  type JsonValue,
  type PlainObject,
  stringOf,
  toPlain,
  withoutMember,
} from '../../json/json-value.js';
import { isInput } from '../../layers/known-layers.js';
import { isNodeLayer, NODE_NAME_PREFIX } from '../../layers/operations/tensorflow-nodes.js';
import { isOpLayer } from '../../layers/operations/tensorflow-operations.js';
import { TIME_DISTRIBUTED } from '../../layers/wrappers.js';
import { MAX_NESTED_MODELS } from '../../limits.js';
import {
  type Call,
  type Dialect,
  type Graph,
  type Layer,
  newLayer,
  type Structure,
  type TensorRef,
} from '../../model/model.js';
import { badTopology, subclassedModel, withoutName, withoutTensors } from './bad-topology.js';
import { checkGraph } from './check-graph.js';
import { classNameIn, operationIn } from './class-names.js';
import { findDialect } from './find-dialect.js';
import { grammarOf } from './grammar-of.js';
import { implicitInput } from './implicit-input.js';
import { listEnds, structureOf } from './read-ends.js';
import { isFrozen, listOf, SEQUENTIAL_TEXT } from './sequential-text.js';
import { withStatedShapes } from './stated-shapes.js';
import type { WrittenReference } from './tensor-references.js';

const MODEL_CLASSES: readonly string[] = ['Functional', 'Model', 'Sequential'];

/** Context shared by all models of a file. */
interface Context {
  readonly dialect: Dialect;
  readonly depth: number;
}

/** A model as it stands in a file; `field` is the path of its config. */
interface ModelJson {
  readonly entry: JsonObject;
  readonly className: string;
  readonly module: string | undefined;
  readonly config: JsonValue;
  readonly field: string;
}

/**
 * Raises `{class_name, config}` of either dialect to a graph; `graph.read.dialect` tells which.
 * @param field where the JSON stands in its file, for messages
 * @param known a graph that was read before: layers whose JSON is the same object are not read again
 * @throws RetrofitError `bad-topology` for anything but a functional or sequential model, `bad-graph` and `bad-size`
 * for one that no loader takes
 */
export function raiseGraph(json: JsonValue | undefined, field: string, known?: Graph): Graph {
  const dialect = findDialect(json);
  const before = known?.read?.dialect === dialect ? known : undefined;
  const graph = raiseModel(json, field, { dialect, depth: 0 }, before);
  checkGraph(graph, `${field}.config`);
  return graph;
}

function raiseModel(json: JsonValue | undefined, field: string, context: Context, known?: Graph): Graph {
  const className = stringOf(getMember(json, 'class_name'));
  const config = getMember(json, 'config');
  if (className === undefined || config === undefined) {
    throw badTopology('no "class_name" and "config": this is not the architecture of a model', field);
  }
  if (context.depth > MAX_NESTED_MODELS) throw badTopology(`models nested more than ${MAX_NESTED_MODELS} deep`, field);
  if (!MODEL_CLASSES.includes(className)) throw ownClass(className, config, field);
  const model: ModelJson = {
    entry: json as JsonObject,
    className,
    module: stringOf(getMember(json, 'module')),
    config,
    field: `${field}.config`,
  };
  return className === 'Sequential' ? raiseSequential(model, context) : raiseFunctional(model, context, known);
}

/** A class of people's own may be called as it likes, though it was given a graph. */
function ownClass(className: string, config: JsonValue, place: string) {
  const field = `${place}.class_name`;
  if (getMember(config, 'output_layers') === undefined) return subclassedModel(className, field);
  const message = `the model is of a class of its own, "${className}": it has a graph of layers, but what the class does with it is not in the file`;
  return inputError('subclassed-model', message, {
    where: { field },
    hint: 'load it with its class, and save keras.Model(model.inputs, model.outputs) in its place',
  });
}

function raiseFunctional(
  { entry, className, module, config, field }: ModelJson,
  context: Context,
  known: Graph | undefined,
): Graph {
  const { dialect } = context;
  const { readCall, firstInCalls, firstInEnds } = grammarOf(dialect);
  const before = knownLayers(known);
  const drafts = raiseEntries(getMember(config, 'layers'), `${field}.layers`, context, before);
  const byName = new Map(drafts.map((layer) => [layer.name, layer]));
  const isLayer = (name: string) => byName.has(name);
  const refBy =
    (first: (layer: Layer) => number) =>
    ({ layer, node, tensor }: WrittenReference): TensorRef => ({
      layer,
      call: node - first(byName.get(layer)!),
      tensor,
    });

  const layers = drafts.map((layer, index): Layer => {
    if (isAsBefore(layer, byName, before)) return layer;
    // Both Kerases stop without it, and TensorFlow.js looks for the layer for ever.
    if (getMember(layer.entry, 'name') === undefined)
      throw badTopology(`the layer "${layer.name}" is named in its config only`, `${field}.layers[${index}].name`);
    const place = `${field}.layers[${index}].inbound_nodes`;
    const nodes = getMember(layer.entry, 'inbound_nodes');
    if (nodes !== undefined && !isArray(nodes)) throw badTopology('"inbound_nodes" is not a list', place);
    if (nodes === undefined || nodes.items.length === 0) {
      return isInput(layer.className) ? { ...layer, calls: [{ inputs: [] }] } : layer;
    }
    const written = nodes.items.map((item, call) => readCall(item.value, isLayer, layer.name, `${place}[${call}]`));
    const calls = written.map(({ references, arguments: given, hasArguments }, call): Call => {
      if (references.length === 0 && isOpLayer(layer.className))
        throw withoutTensors(String(layer.settings.function), layer.name, `${place}[${call}]`);
      const inputs = references.map(refBy(firstInCalls));
      const read = { json: nodes.items[call]!.value, inputs, arguments: given };
      return { inputs, read, ...(hasArguments ? { hasArguments } : {}) };
    });
    return withStatedShapes(
      { ...layer, calls },
      written.map(({ shapes }) => shapes),
    );
  });
  const ends = (key: string) => listEnds(getMember(config, key), isLayer, `${field}.${key}`).map(refBy(firstInEnds));
  const held = (key: string): Structure => {
    const structure = structureOf(getMember(config, key)!, isLayer);
    // Keras 2 takes a single tensor out of its list.
    const [part, ...more] = structure.kind === 'list' ? structure.parts : [];
    return dialect === 'keras2' && part?.kind === 'tensor' && more.length === 0 ? part : structure;
  };
  const outputs = ends('output_layers');
  return {
    name: stringOf(getMember(config, 'name')) ?? 'model',
    kind: 'functional',
    layers,
    inputs: ends('input_layers'),
    outputs,
    structures: { inputs: held('input_layers'), outputs: held('output_layers') },
    isFrozen: isFrozen(config),
    read: { dialect, className, module, config, entry, layers, outputs, sequentialText: SEQUENTIAL_TEXT },
  };
}

function raiseSequential({ entry, className, module, config, field }: ModelJson, context: Context): Graph {
  const { dialect } = context;
  const written = raiseEntries(listOf(config), `${field}.layers`, context);
  const first = written[0];
  if (first === undefined) throw badTopology('a Sequential model without layers', field);
  const chain = isInput(first.className) ? written : [implicitInput(first, config, dialect), ...written];
  const layers = chain.map((layer, index): Layer => {
    const before = chain[index - 1];
    const inputs = before === undefined ? [] : [onlyTensor(before)];
    return withStatedShapes({ ...layer, calls: [{ inputs }] }, []);
  });
  const outputs = [onlyTensor(layers.at(-1)!)];
  return {
    name: stringOf(getMember(config, 'name')) ?? 'sequential',
    kind: 'sequential',
    layers,
    inputs: [onlyTensor(layers[0]!)],
    outputs,
    isFrozen: isFrozen(config),
    read: { dialect, className, module, config, entry, layers, outputs, sequentialText: SEQUENTIAL_TEXT },
  };
}

const onlyTensor = (layer: Layer): TensorRef => ({ layer: layer.name, call: 0, tensor: 0 });

/** The layers of a graph that was read before, by their JSON and by their names. */
interface KnownLayers {
  readonly byEntry: ReadonlyMap<JsonValue | undefined, Layer>;
  readonly byName: ReadonlyMap<string, Layer>;
}

function knownLayers(known: Graph | undefined): KnownLayers {
  // Layers of a Sequential model are called in other ways.
  const layers = known?.kind === 'functional' ? known.layers : [];
  return {
    byEntry: new Map(layers.flatMap((layer) => (layer.entry === undefined ? [] : [[layer.entry, layer]]))),
    byName: new Map(layers.map((layer) => [layer.name, layer])),
  };
}

/** Tells whether a layer is the one read before, with calls of the same meaning: some models' calls count from 1. */
const isAsBefore = (layer: Layer, byName: ReadonlyMap<string, Layer>, before: KnownLayers): boolean =>
  before.byEntry.get(layer.entry) === layer &&
  layer.calls.every(({ inputs }) =>
    inputs.every(({ layer: name }) => {
      const [now, then] = [byName.get(name), before.byName.get(name)];
      return now !== undefined && then !== undefined && now.graph?.kind === then.graph?.kind;
    }),
  );

function raiseEntries(
  entries: JsonValue | undefined,
  field: string,
  context: Context,
  before?: KnownLayers,
): readonly Layer[] {
  if (!isArray(entries)) throw badTopology('no list of layers', field);
  return entries.items.map(
    ({ value }, index) => before?.byEntry.get(value) ?? raiseEntry(value, `${field}[${index}]`, context, { before }),
  );
}

interface RaiseOptions {
  /** A name for a layer without one. */
  readonly given?: string;
  readonly before?: KnownLayers | undefined;
}

function raiseEntry(entry: JsonValue, field: string, context: Context, { given, before }: RaiseOptions = {}): Layer {
  const className = isObject(entry) ? classNameIn(entry) : undefined;
  const config = getMember(entry, 'config');
  if (!isObject(entry) || className === undefined || config === undefined) {
    throw badTopology('a layer without "class_name" and "config"', field);
  }
  const wrapped = className === TIME_DISTRIBUTED ? wrappedEntry(config) : undefined;
  if (wrapped !== undefined) return raiseWrapped(entry, config as JsonObject, wrapped, field, context);
  const isModel = MODEL_CLASSES.includes(className) && (isArray(config) || getMember(config, 'layers') !== undefined);
  if (!isObject(config) && !isModel) throw badTopology('"config" is not an object', `${field}.config`);
  const operation = context.dialect === 'keras3' && !isModel ? operationIn(entry, className) : undefined;
  const name = nameOf(entry, config, field, given);
  const inner = { ...context, depth: context.depth + 1 };
  return {
    ...newLayer(operation ?? className, name, {}),
    config: isObject(config) ? config : EMPTY,
    // A nested model's config is its graph; as data it would be read twice.
    settings: isModel ? Object.create(null) : (toPlain(config) as PlainObject),
    entry,
    ...(isModel ? { graph: raiseModel(entry, field, inner, before?.byName.get(name)?.graph) } : {}),
    ...(operation === undefined ? {} : { isOperation: true }),
  };
}

/** Finds the layer in a TimeDistributed; undefined where there is none, so that no loader would take it. */
function wrappedEntry(config: JsonValue): JsonObject | undefined {
  const wrapped = getMember(config, 'layer');
  if (!isObject(wrapped) || getMember(wrapped, 'config') === undefined) return undefined;
  const className = classNameIn(wrapped);
  return className === undefined || isInput(className) ? undefined : wrapped;
}

/** Raises a wrapped layer, with the calls of its wrapper. It may lack a name of its own, for nothing refers to it. */
function raiseWrapped(
  entry: JsonObject,
  config: JsonObject,
  wrapped: JsonObject,
  field: string,
  context: Context,
): Layer {
  if (context.depth > MAX_NESTED_MODELS)
    throw badTopology(`layers wrapped more than ${MAX_NESTED_MODELS} deep`, `${field}.config.layer`);
  const name = nameOf(entry, config, field);
  const layer = raiseEntry(wrapped, `${field}.config.layer`, { ...context, depth: context.depth + 1 }, { given: name });
  const wrapper = { config, settings: toPlain(withoutMember(config, 'layer')) as PlainObject };
  return { ...layer, name, entry, wrappers: [wrapper, ...(layer.wrappers ?? [])] };
}

const EMPTY: JsonObject = { kind: 'object', members: [] };

/** Functional models name a layer outside of its config too. */
function nameOf(entry: JsonObject, config: JsonValue, field: string, given?: string): string {
  const outer = stringOf(getMember(entry, 'name'));
  const inner = stringOf(getMember(config, 'name'));
  const name = outer ?? inner ?? given;
  if (name === undefined || name === '') throw withoutName(classNameIn(entry)!, field);
  const isNode = isNodeLayer(stringOf(getMember(entry, 'class_name')) ?? '') && outer === NODE_NAME_PREFIX + inner;
  if (outer !== undefined && inner !== undefined && outer !== inner && !isNode) {
    throw badTopology(`the layer is called "${outer}" outside and "${inner}" in its config`, `${field}.name`);
  }
  return name;
}
