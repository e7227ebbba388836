import { fromPlain, type JsonObject, withMember } from '../../../json/json-value.js';
import { isInput } from '../../../layers/known-layers.js';
import type { Loader } from '../../../layers/layer-facts.js';
import { inputShape } from '../../../layers/other-layers.js';
import { argumentsOf, type CallArguments, withKeywords } from '../../../model/call-arguments.js';
import { shapeInside, shapeOutside } from '../../../model/facts-of-layer.js';
import { resolveGraph } from '../../../model/graph-nodes.js';
import { maskedLayers } from '../../../model/masked-layers.js';
import { type Call, type Graph, type Layer, listGraphs, type TensorRef, tensorKey } from '../../../model/model.js';
import { objectOf } from '../bare-json.js';
import { cannotConvert, withoutInputShape } from './cannot-convert.js';
import { withoutMasks } from './drop-masks.js';
import { gatherChannels } from './gather-channels.js';
import { addIdentity, addTranslated, type LayerBuilder, type Source, type TensorFacts } from './layer-builder.js';
import { type LayerNames, layerNames } from './layer-names.js';
import { omissionOf } from './leaves-out.js';
import { nameParts, withKnownWeights, wrapAgain } from './name-parts.js';
import { ownArguments } from './own-arguments.js';
import { isOperation } from './read-operation.js';
import { refuseMask } from './refuse-mask.js';
import type { DialectPair } from './translate-config.js';
import { listFixedPhases, translateKeywords } from './translate-keywords.js';
import { translateLayer } from './translate-layer.js';
import { translateOperation } from './translate-operation.js';

/** A layer that got another name. `graph` holds the old names of the nested models around it. */
export interface Renaming {
  readonly graph: readonly string[];
  readonly before: string;
  readonly after: string;
}

export interface Translation {
  readonly graph: Graph;
  readonly renamed: readonly Renaming[];
  /** New names of the model's outputs by their old ones: a loss may be keyed by them. */
  readonly renamedOutputs: ReadonlyMap<string, string>;
  /** Layers that are left out, as the target has none like them: they compute nothing when the model predicts. */
  readonly leftOut: readonly Layer[];
  /** Layers that did not train, by their calls, and that the new loader trains. */
  readonly fixedPhases: readonly string[];
}

export interface TranslateOptions {
  /** Whether the graph has parts of another dialect. */
  readonly isMixed?: boolean;
  /** Whether the target's files hold operations as such: legacy `.h5` files of Keras 3 lose their modules. */
  readonly hasOperations?: boolean;
}

/**
 * Translates the graph for another loader, computing the same. Nothing of it counts as read any more; weights stay with
 * their layers. A graph in the loader's own dialect keeps its text, unless it has parts of another dialect.
 * @throws RetrofitError `cannot-convert` for features that the loader lacks, with the layer, the field and what to do
 */
export function translateGraph(
  whole: Graph,
  target: Loader,
  { isMixed = false, hasOperations = target !== 'tfjs' }: TranslateOptions = {},
): Translation {
  const source = whole.read?.dialect ?? 'keras2';
  const said = source === 'keras3' && target !== 'keras3' ? withoutMasks(whole, target) : whole;
  const root = hasOperations ? said : gatherChannels(said);
  const fixed = listFixedPhases(root);
  const fixedPhases = source === target ? [] : fixed;
  if (source === target && !isMixed && !hasTfjsWords(root) && (hasOperations || !holdsOperations(root)))
    return { graph: withKnownWeights(root), renamed: [], renamedOutputs: new Map(), leftOut: [], fixedPhases };
  if (target === 'tfjs') refuseTwins(root);
  const renamed: Renaming[] = [];
  const leftOut: Layer[] = [];
  const dialects = { source, target, hasOperations, masked: maskedLayers(root) };
  const task: Task = { ...dialects, names: layerNames(root, target), renamed, leftOut };
  const { graph } = translateOne(root, [], [], task);
  const renamedOutputs = new Map(
    root.outputs.flatMap((ref, index) => {
      const after = graph.outputs[index]!.layer;
      return ref.layer === after ? [] : [[ref.layer, after] as const];
    }),
  );
  // TensorFlow.js has lists only, and nested models, which are called from inside alone, do with them everywhere.
  const structures = target === 'tfjs' ? undefined : root.structures;
  const named = { ...graph, name: rootName(root.name, target), structures };
  const gone = new Set(leftOut.map((layer) => layer.name));
  return { graph: named, renamed, renamedOutputs, leftOut, fixedPhases: fixedPhases.filter((name) => !gone.has(name)) };
}

/** TensorFlow.js loads a model that gives a tensor out twice, and stops when it is to predict. */
function refuseTwins({ outputs }: Graph): void {
  const twin = outputs.find((ref, index) => outputs.findIndex((other) => tensorKey(other) === tensorKey(ref)) < index);
  if (twin === undefined) return;
  throw cannotConvert(
    twin.layer,
    'output_layers',
    'its output is an output of the model twice: TensorFlow.js loads such a model but cannot predict with it',
    'rebuild the model with each output once',
  );
}

/** TensorFlow.js writes Keras 2's dialect, but for the names of two initializers. */
const hasTfjsWords = (root: Graph): boolean =>
  [...listGraphs(root)].some(({ graph }) =>
    graph.layers.some(({ settings }) => TFJS_WORDS.test(JSON.stringify(settings))),
  );

/** Tells whether there are operations in the model, or in one inside it. */
export const holdsOperations = (root: Graph): boolean =>
  [...listGraphs(root)].some(({ graph }) => graph.layers.some(isOperation));

const TFJS_WORDS = /"class_name":"LeCun(?:Normal|Uniform)"/;

const rootName = (name: string, target: Loader): string => (target === 'keras3' ? name.replaceAll('/', '_') : name);

interface Task extends DialectPair {
  readonly names: LayerNames;
  readonly renamed: Renaming[];
  readonly leftOut: Layer[];
}

/** Translation of one layer: layers, the last of which gives its output; none where its output is its input. */
interface Translated {
  readonly layers: readonly Layer[];
  /** The inputs of each of the layers. */
  readonly sources: readonly (readonly Source[])[];
  readonly outputs: readonly TensorFacts[];
  readonly keywords: readonly (JsonObject | undefined)[];
  /** The arguments of each of the layers' calls, where they are more than its inputs. */
  readonly arguments?: readonly (CallArguments | undefined)[];
}

function translateOne(
  graph: Graph,
  path: readonly string[],
  given: readonly TensorFacts[],
  task: Task,
): { readonly graph: Graph; readonly outputs: readonly TensorFacts[] } {
  const { nodes } = resolveGraph(graph);
  const names = new Map(graph.layers.map((layer) => [layer.name, task.names.nameOf(layer.name)]));
  const done = new Map<Layer, Translated>();
  const factsOfRef = (ref: TensorRef): TensorFacts => {
    const layer = byName.get(ref.layer)!;
    const outputs = done.get(layer)?.outputs;
    // An operation's tensors, where it gives several, are equal parts.
    return outputs?.[isOperation(layer) ? 0 : ref.tensor] ?? { shape: undefined, dtype: 'float32' };
  };
  const byName = new Map(graph.layers.map((layer) => [layer.name, layer]));
  const isOutput = (layer: Layer) => graph.outputs.some((ref) => ref.layer === layer.name);
  const translateIt = (layer: Layer, inputs: readonly TensorFacts[]) => {
    const name = names.get(layer.name)!;
    const translated =
      leaveOut(layer, name, inputs, isOutput(layer), task) ?? translateAny(layer, name, inputs, path, task);
    done.set(layer, translated);
  };
  const givenTo = new Map(graph.inputs.map((ref, index) => [ref.layer, given[index]]));

  for (const node of nodes) {
    const { layer } = node;
    if (done.has(layer)) continue;
    const inputs = layer.calls[node.call]!.inputs.map(factsOfRef);
    const own = givenTo.get(layer.name);
    translateIt(layer, own === undefined ? inputs : [own]);
  }
  for (const layer of graph.layers) {
    if (done.has(layer)) continue;
    // A layer that is never called; the loaders make it all the same.
    translateIt(layer, []);
  }
  for (const [{ name: before }, { layers: own }] of done) {
    const after = names.get(before)!;
    if (own.length > 0 && before !== after) task.renamed.push({ graph: path, before, after });
  }

  const redirect = (ref: TensorRef): TensorRef => {
    for (let { layer, call, tensor } = ref; ; ) {
      const made = byName.get(layer)!;
      const last = done.get(made)!.layers.at(-1);
      if (last !== undefined) return { layer: last.name, call, tensor };
      ({ layer, call, tensor } = made.calls[call]!.inputs[0]!);
    }
  };
  const layers = graph.layers.flatMap((layer) => connect(layer, done.get(layer)!, redirect));
  const isChain = [...done.values()].every(({ sources }) =>
    sources.every(
      (each, index) => index === 0 || (each.length === 1 && 'part' in each[0]! && each[0].part === index - 1),
    ),
  );
  const { name, inputs, outputs, isFrozen } = graph;
  const kind = graph.kind === 'sequential' && isChain ? 'sequential' : 'functional';
  return {
    graph: { name, kind, layers, inputs: inputs.map(redirect), outputs: outputs.map(redirect), isFrozen },
    outputs: outputs.map(factsOfRef),
  };
}

/** Leaves out or replaces a layer that the target lacks and that computes nothing when the model predicts. */
function leaveOut(
  layer: Layer,
  name: string,
  inputs: readonly TensorFacts[],
  isOutput: boolean,
  task: Task,
): Translated | undefined {
  const given: TensorFacts = inputs[0] ?? { shape: undefined, dtype: 'float32' };
  const omission = omissionOf(layer, given.dtype, task.target);
  if (omission === undefined) return undefined;
  checkCalls(layer, task);
  task.leftOut.push(...layersIn(layer));
  if (omission === 'leave out' && !isOutput) return { layers: [], sources: [], outputs: [given], keywords: [] };
  // The model's output keeps its name.
  const builder: LayerBuilder = { parts: [], inputs: [given], dialects: task, layer: layer.name };
  addIdentity(builder, layer.config, { input: 0 });
  return {
    ...nameParts(builder, { ...layer, weights: [] }, name, task),
    outputs: [builder.parts[0]!.output],
    keywords: [],
  };
}

/** @throws RetrofitError `cannot-convert` for a call that is always as in training, in the layer or in its model */
function checkCalls(layer: Layer, task: Task): void {
  for (const call of layer.calls) translateKeywords(layer, argumentsOf(call), task);
  for (const inner of layer.graph?.layers ?? []) checkCalls(inner, task);
}

const layersIn = (layer: Layer): readonly Layer[] =>
  layer.graph === undefined
    ? [layer]
    : layer.graph.layers.filter(({ className }) => !isInput(className)).flatMap(layersIn);

function translateAny(
  layer: Layer,
  name: string,
  inputs: readonly TensorFacts[],
  path: readonly string[],
  task: Task,
): Translated {
  const calls = layer.calls.map(argumentsOf);
  refuseMask(layer, task);
  if (layer.graph !== undefined) return translateModel(layer, layer.graph, name, inputs, calls, path, task);
  const inside = inputs.map((input) => ({ ...input, shape: shapeInside(layer, input.shape) }));
  const builder: LayerBuilder = { parts: [], inputs: inside, dialects: task, layer: layer.name };
  const sources = inputs.map((_, input): Source => ({ input }));
  let keywords: readonly (JsonObject | undefined)[] = [];
  if (isInput(layer.className)) translateInput(builder, layer);
  else if (isOperation(layer)) {
    if (calls.length !== 1) throw severalCalls(layer);
    translateOperation(builder, layer, calls[0]!);
  } else {
    const own = ownArguments(layer, calls, task);
    keywords = calls.map((call) => translateKeywords(layer, own?.others ?? call, task));
    translateLayer(builder, layer, own?.inputs.map((input) => ({ input })) ?? sources, own?.call);
  }
  const { shape, dtype } = builder.parts.at(-1)!.output;
  const output = { shape: shapeOutside(layer, shape, inputs[0]?.shape), dtype };
  return { ...nameParts(builder, layer, name, task), outputs: [output], keywords };
}

/** Translates a nested model: its layers are translated, the model itself stays one. */
function translateModel(
  layer: Layer,
  inner: Graph,
  name: string,
  inputs: readonly TensorFacts[],
  calls: readonly CallArguments[],
  path: readonly string[],
  task: Task,
): Translated {
  if (layer.wrappers !== undefined && inner.inputs.length > 1 && task.target !== 'keras2') throw severalInputs(layer);
  const inside = inputs.map((input) => ({ ...input, shape: shapeInside(layer, input.shape) }));
  const { graph, outputs } = translateOne(inner, [...path, layer.name], inside, task);
  const model: Layer = {
    name,
    className: graph.kind === 'sequential' ? 'Sequential' : 'Functional',
    config: objectOf([]),
    settings: Object.create(null),
    calls: [],
    weights: layer.weights,
    graph: { ...graph, name: layer.wrappers === undefined ? name : task.names.proper(inner.name) },
  };
  return {
    layers: [layer.wrappers === undefined ? model : wrapAgain(model, layer, task)],
    sources: [inputs.map((_, input) => ({ input }))],
    outputs: outputs.map((output) => ({ ...output, shape: shapeOutside(layer, output.shape, inputs[0]?.shape) })),
    keywords: calls.map((call) => translateKeywords(layer, call, task)),
  };
}

/** The input that a Sequential model did not write is written now. */
function translateInput(builder: LayerBuilder, layer: Layer): void {
  const shape = inputShape(layer.settings) ?? builder.inputs[0]?.shape;
  if (shape === undefined) throw withoutInputShape(layer.name);
  const isWritten = inputShape(layer.settings) !== undefined;
  const config = isWritten ? layer.config : withMember(layer.config, 'batch_input_shape', fromPlain([...shape]));
  addTranslated(builder, layer.className, config, []);
}

function severalInputs(layer: Layer) {
  return cannotConvert(
    layer.name,
    'layer',
    'it is a TimeDistributed around a model of several inputs, which runs in Keras 2 alone',
    'keep the model in the format it is in, or rebuild it with one input inside',
  );
}

function severalCalls(layer: Layer) {
  return cannotConvert(
    layer.name,
    'inbound_nodes',
    'the operation is called several times',
    'keep the model in the format it is in, or rebuild it with a layer in its place',
  );
}

/** The layers that stand for one, called as often as it was. */
function connect(layer: Layer, translated: Translated, redirect: (ref: TensorRef) => TensorRef) {
  const { layers, sources, keywords } = translated;
  return layers.map((part, index): Layer => {
    const calls = layer.calls.map((call, number): Call => {
      const inputs = sources[index]!.map((source) =>
        'input' in source
          ? redirect(call.inputs[source.input]!)
          : { layer: layers[source.part]!.name, call: number, tensor: 0 },
      );
      const made = translated.arguments?.[index];
      if (made !== undefined) return { inputs, arguments: withKeywords(made, keywords[number]), hasArguments: true };
      const said = part.className === layer.className || layers.length === 1 ? keywords[number] : undefined;
      return said === undefined ? { inputs } : { inputs, keywords: said };
    });
    return { ...part, calls };
  });
}
