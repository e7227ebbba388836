import type { JsonValue } from '../../json/json-value.js';
import { isOpLayer } from '../../layers/operations/tensorflow-operations.js';
import { type Argument, argumentsOf } from '../../model/call-arguments.js';
import { resolveGraph } from '../../model/graph-nodes.js';
import { type Call, type Graph, type Layer, listGraphs, mapGraphs, withLayers } from '../../model/model.js';
import { inferShapes } from '../../model/shapes.js';
import { cannotConvert } from '../dialects/translate/cannot-convert.js';
import { type IndexPart, readIndex, withoutEllipsis, writeIndex } from '../dialects/translate/index-keys.js';
import type { Blocker } from './class-blocker.js';

/**
 * Writes `x[..., 1:]` as `x[:, :, :, 1:]`: a `.keras` of Keras 2 cannot say `...`, which `.h5` files and bare JSON can.
 * @throws RetrofitError `cannot-convert` where the number of axes is not known
 */
export const withoutEllipses = (root: Graph): Graph =>
  mapGraphs(root, (graph) => (graph.layers.some(hasEllipsis) ? writtenOut(graph) : graph));

/** Finds a slice that a `.keras` of Keras 2 does not load. Source: `deserialize_keras_object` in tf_keras' serialization_lib. */
export function findEllipsis(root: Graph): Blocker | undefined {
  for (const { graph } of listGraphs(root)) {
    const layer = graph.layers.find(hasEllipsis);
    if (layer !== undefined)
      return {
        layer: layer.name,
        field: 'slice_spec',
        reason: 'is a slice with "...", which Keras 2 does not read there',
      };
  }
  return undefined;
}

const hasEllipsis = ({ className, calls }: Layer): boolean =>
  isOpLayer(className) &&
  calls.some((call) => [...argumentsOf(call).keywords.values()].some((each) => ellipsisIn(each) !== undefined));

/** The parts of an argument that is an index with an ellipsis. */
function ellipsisIn(argument: Argument): readonly IndexPart[] | undefined {
  const parts = argument.kind === 'constant' ? readIndex(argument.json) : undefined;
  return parts?.some(({ kind }) => kind === 'ellipsis') === true ? parts : undefined;
}

function writtenOut(graph: Graph): Graph {
  const shapes = inferShapes(graph);
  const ranks = new Map<Call, number | undefined>();
  for (const { layer, call, inputs } of resolveGraph(graph).nodes) {
    const [input] = inputs;
    ranks.set(layer.calls[call]!, input && shapes[input.node]?.[input.tensor]?.length);
  }
  const layers = graph.layers.map((layer): Layer => {
    if (!hasEllipsis(layer)) return layer;
    return { ...layer, calls: layer.calls.map((call) => writtenCall(layer, call, ranks.get(call))) };
  });
  return withLayers(graph, layers);
}

function writtenCall({ name }: Layer, call: Call, rank: number | undefined): Call {
  const { positional, keywords } = argumentsOf(call);
  const written = new Map(
    [...keywords].map(([key, argument]): readonly [string, Argument] => {
      const parts = ellipsisIn(argument);
      return [key, parts === undefined ? argument : { kind: 'constant', json: fullIndex(name, parts, rank) }];
    }),
  );
  return { ...call, read: undefined, arguments: { positional, keywords: written }, hasArguments: true };
}

function fullIndex(layer: string, parts: readonly IndexPart[], rank: number | undefined): JsonValue {
  const full = rank === undefined ? undefined : withoutEllipsis(parts, rank);
  if (full === undefined)
    throw cannotConvert(
      layer,
      'slice_spec',
      'it slices with "...", which a .keras of Keras 2 cannot say, and how many axes that stands for is not known',
      'give -o a name in .h5',
    );
  return writeIndex(full, 'keras2');
}
