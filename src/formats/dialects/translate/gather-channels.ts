import { fromPlain, type JsonObject, type PlainObject, toPlain } from '../../../json/json-value.js';
import { findOperation } from '../../../layers/operations/known-operations.js';
import { argumentsOf } from '../../../model/call-arguments.js';
import { type Call, type Graph, type Layer, mapGraphs, type TensorRef } from '../../../model/model.js';
import { isFull, readIndex } from './index-keys.js';
import { isOperation, operationId, readOperation } from './read-operation.js';

/** One channel of a tensor, `x[..., 2]`. */
interface Channel {
  readonly of: TensorRef;
  readonly index: number;
  /** Which axis that is; -1 for the last. */
  readonly axis: number;
}

/**
 * The graph with channels that are taken one by one and stacked again, as `preprocess_input` of Keras 3 does it, taken all
 * at once: one by one they are maps without a last axis, which only operations handle.
 */
export const gatherChannels = (root: Graph): Graph => mapGraphs(root, gatherInside);

function gatherInside(graph: Graph): Graph {
  const channels = new Map<string, Channel>();
  for (const layer of graph.layers) {
    const channel = channelOf(layer);
    if (channel !== undefined) channels.set(layer.name, channel);
  }
  if (channels.size === 0) return graph;
  const gathered = graph.layers.map((layer) => gather(layer, channels) ?? layer);
  const read = new Set(
    [...gathered.flatMap(({ calls }) => calls.flatMap(({ inputs }) => inputs)), ...graph.outputs].map(
      ({ layer }) => layer,
    ),
  );
  const layers = gathered.filter(({ name }) => !channels.has(name) || read.has(name));
  return { ...graph, layers };
}

function channelOf(layer: Layer): Channel | undefined {
  const [call, ...more] = layer.calls;
  if (!isOperation(layer) || operationId(layer) !== 'GetItem' || call === undefined || more.length > 0)
    return undefined;
  const [tensor, key] = readOperation(layer, argumentsOf(call))?.arguments ?? [];
  const parts = key?.kind === 'constant' ? readIndex(key.json) : undefined;
  const last = parts?.at(-1);
  if (parts === undefined || tensor?.kind !== 'tensor' || last?.kind !== 'number') return undefined;
  const before = parts.slice(0, -1);
  const isLast = before.length === 1 && before[0]!.kind === 'ellipsis';
  if (!isLast && !(before.length > 1 && before.every(isFull))) return undefined;
  return { of: call.inputs[tensor.input]!, index: last.at, axis: isLast ? -1 : before.length };
}

/** A Stack of nothing but channels of one tensor, as a Take. */
function gather(layer: Layer, channels: ReadonlyMap<string, Channel>): Layer | undefined {
  const [call, ...more] = layer.calls;
  if (!isOperation(layer) || operationId(layer) !== 'Stack' || call === undefined || more.length > 0) return undefined;
  const operation = readOperation(layer, argumentsOf(call));
  const [list, ...rest] = operation?.arguments ?? [];
  const taken = call.inputs.map((ref) => channels.get(ref.layer));
  const [first] = taken;
  if (list?.kind !== 'tensors' || rest.length > 0 || first === undefined) return undefined;
  const isOne = taken.every(
    (each) =>
      each?.axis === first.axis &&
      each.of.layer === first.of.layer &&
      each.of.call === first.of.call &&
      each.of.tensor === first.of.tensor,
  );
  const { axis, ...others } = toPlain(operation!.settings) as PlainObject;
  if (!isOne || Object.keys(others).length > 0 || (axis !== -1 && axis !== first.axis)) return undefined;
  const indices = fromPlain(taken.map((each) => each!.index));
  const settings = { name: layer.name, axis: first.axis };
  const made: Call = {
    inputs: [first.of],
    arguments: {
      positional: [
        { kind: 'tensor', input: 0 },
        { kind: 'constant', json: indices },
      ],
      keywords: new Map(),
    },
    hasArguments: true,
  };
  return {
    name: layer.name,
    className: findOperation('Take')!.keras3!,
    settings,
    config: fromPlain(settings) as JsonObject,
    calls: [made],
    weights: [],
    isOperation: true,
  };
}
