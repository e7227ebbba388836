import { LOADER_NAMES } from '../../../format-names.js';
import { numberOf } from '../../../json/json-value.js';
import { factsOf } from '../../../layers/known-layers.js';
import type { Loader } from '../../../layers/layer-facts.js';
import { type Argument, argumentsOf } from '../../../model/call-arguments.js';
import { factsOfLayer } from '../../../model/facts-of-layer.js';
import { type GraphNode, resolveGraph } from '../../../model/graph-nodes.js';
import {
  type Call,
  type Graph,
  type Layer,
  mapGraphs,
  type TensorRef,
  tensorKey,
  withLayers,
} from '../../../model/model.js';
import { cannotConvert } from './cannot-convert.js';
import { isOperation, operationId } from './read-operation.js';

/**
 * The model without the masks that Keras 3 writes into calls, `lstm(x, mask=not_equal(ids, 0))`, where the others hand the
 * same ones on by themselves: those of an Embedding or a Masking, along the layers behind it. Any other mask stays.
 * @throws RetrofitError `cannot-convert` for a call that is given another mask than the target would give it
 */
export const withoutMasks = (root: Graph, target: Loader): Graph =>
  mapGraphs(root, (graph) => (graph.layers.some(isMaskOperation) ? dropMasks(graph, target) : graph));

const isMaskOperation = (layer: Layer): boolean => isOperation(layer) && operationId(layer) === 'NotEqual';

function dropMasks(graph: Graph, target: Loader): Graph {
  const { nodes } = resolveGraph(graph);
  /** Description of the steps that count by each operation, and of the mask that each layer hands on. */
  const said = new Map<string, string>();
  const carried: (string | undefined)[] = [];
  const changed = new Map<Layer, Call[]>();
  for (const node of nodes) {
    const { layer, call } = node;
    const written = layer.calls[call]!;
    const given = maskOf(written);
    const own = carried[tensorsOf(node, given)[0]?.node ?? -1];
    carried.push(carriedBehind(layer, written, own));
    if (isOperation(layer)) {
      const mask = saidBy(layer, written, said);
      if (mask !== undefined) said.set(layer.name, mask);
      continue;
    }
    const asked = given === undefined ? undefined : said.get(written.inputs[given]!.layer);
    if (given === undefined) {
      if (own !== undefined && takesMask(layer)) throw otherMask(layer, target);
      continue;
    }
    if (asked === undefined || asked !== own || !isPlain(layer)) throw otherMask(layer, target);
    const calls = changed.get(layer) ?? [...layer.calls];
    calls[call] = withoutInput(written, given);
    changed.set(layer, calls);
  }
  return withoutUnread(
    withLayers(
      graph,
      graph.layers.map((layer) => (changed.has(layer) ? { ...layer, calls: changed.get(layer)! } : layer)),
    ),
    new Set(said.keys()),
  );
}

/** The place of the mask among what a call reads. */
function maskOf(call: Call): number | undefined {
  const mask = argumentsOf(call).keywords.get('mask');
  return mask?.kind === 'tensor' ? mask.input : undefined;
}

const tensorsOf = ({ inputs }: GraphNode, mask: number | undefined) => inputs.filter((_, index) => index !== mask);

function carriedBehind(layer: Layer, { inputs }: Call, own: string | undefined): string | undefined {
  const { masking, maskedValue } = factsOfLayer(layer);
  const kind = layer.graph === undefined ? masking?.(layer.settings) : undefined;
  if (kind === 'passes') return own;
  if (kind !== 'makes') return undefined;
  const tensor = tensorKey(inputs[0]!);
  return maskedValue === undefined ? notEqual(tensor, 0) : anyOf(notEqual(tensor, maskedValue(layer.settings)));
}

const notEqual = (tensor: string, value: unknown): string => `${tensor} is not ${String(value)}`;
const anyOf = (mask: string): string => `any of ${mask}`;

function saidBy(layer: Layer, call: Call, said: ReadonlyMap<string, string>): string | undefined {
  const { positional, keywords } = argumentsOf(call);
  const [tensor, value, more] = positional;
  if (tensor?.kind !== 'tensor' || keywords.size > 0 || more !== undefined) return undefined;
  const ref = call.inputs[tensor.input]!;
  if (operationId(layer) === 'NotEqual')
    return value?.kind === 'constant' ? notEqual(tensorKey(ref), numberOf(value.json)) : undefined;
  const inside = said.get(ref.layer);
  const isOverLast = operationId(layer) === 'Any' && layer.settings.axis === -1 && layer.settings.keepdims !== true;
  return isOverLast && value === undefined && inside !== undefined ? anyOf(inside) : undefined;
}

/** Whether Keras 3 would have written a mask into the call, had there been one. */
const takesMask = (layer: Layer): boolean => layer.wrappers !== undefined || isMasked(layer);

function isMasked({ className, settings }: Layer): boolean {
  const { runsSteps, takesMask } = factsOf(className, settings);
  return runsSteps === true || takesMask !== undefined;
}

/** Whether all loaders make the same of a mask: what stands in a TimeDistributed is given it in one Keras alone. */
const isPlain = (layer: Layer): boolean =>
  factsOf(layer.className, layer.settings).takesMask !== 'otherwise' &&
  (layer.wrappers === undefined || (layer.graph === undefined && !isMasked(layer)));

function withoutInput({ inputs, read, ...call }: Call, mask: number): Call {
  const { positional, keywords } = argumentsOf({ inputs, read, ...call });
  const place = (input: number) => (input > mask ? input - 1 : input);
  const renumber = (argument: Argument): Argument => {
    if (argument.kind === 'tensor') return { kind: 'tensor', input: place(argument.input) };
    return argument.kind === 'tensors' ? { kind: 'tensors', inputs: argument.inputs.map(place) } : argument;
  };
  const others = [...keywords].filter(([name]) => name !== 'mask');
  return {
    inputs: inputs.filter((_, index) => index !== mask),
    arguments: {
      positional: positional.map(renumber),
      keywords: new Map(others.map(([name, argument]) => [name, renumber(argument)])),
    },
  };
}

/** The graph without those of the layers that nobody reads any more. */
function withoutUnread(graph: Graph, droppable: ReadonlySet<string>): Graph {
  const read = new Set(
    [...graph.layers.flatMap(({ calls }) => calls.flatMap(({ inputs }) => inputs)), ...graph.outputs].map(
      ({ layer }: TensorRef) => layer,
    ),
  );
  const left = withLayers(
    graph,
    graph.layers.filter(({ name }) => read.has(name) || !droppable.has(name)),
  );
  return left === graph ? graph : withoutUnread(left, droppable);
}

const otherMask = ({ name }: Layer, target: Loader) =>
  cannotConvert(
    name,
    'inbound_nodes',
    `its mask (the steps to skip) is not the one that ${LOADER_NAMES[target]} would propagate to it`,
    'keep the model in the format it is in, or rebuild it without the mask',
  );
