import { getMember, isArray, withItems, withMember } from '../../json/json-value.js';
import { resolveGraph } from '../../model/graph-nodes.js';
import { type Graph, type Layer, mapGraphs, type TensorRef } from '../../model/model.js';

// TensorFlow.js builds a functional model in rounds over its layers: in each, a layer makes those of its calls whose inputs
// are there, and numbers them as it makes them. One that is not ready lets later ones pass, and everything that names either
// by its number then reads the other. Source: `Container.fromConfig` in tfjs-layers/src/engine/container.ts.

/** For layers that TensorFlow.js calls in another order than their calls stand in: the numbers in its order. */
function builtOrders(graph: Graph): ReadonlyMap<string, readonly number[]> {
  const orders = new Map<string, readonly number[]>();
  if (graph.kind === 'sequential' || graph.layers.every(({ calls }) => calls.length < 2)) return orders;
  const rounds = roundsOf(graph);
  for (const layer of graph.layers) {
    const own = rounds.get(layer)!;
    const order = [...own.keys()].sort((left, right) => own[left]! - own[right]! || left - right);
    if (order.some((call, index) => call !== index)) orders.set(layer.name, order);
  }
  return orders;
}

/** The round in which each call is made; inputs are there from the beginning. */
function roundsOf(graph: Graph): ReadonlyMap<Layer, readonly number[]> {
  const places = new Map(graph.layers.map((layer, index) => [layer, index]));
  const rounds = new Map(graph.layers.map((layer) => [layer, Array.from(layer.calls, () => 0)]));
  const { nodes } = resolveGraph(graph);
  for (const { layer, call, inputs } of nodes) {
    let round = inputs.length === 0 ? 0 : 1;
    for (const { node } of inputs) {
      const from = nodes[node]!;
      const made = rounds.get(from.layer)![from.call]!;
      const isBefore = from.layer === layer ? from.call < call : places.get(from.layer)! < places.get(layer)!;
      round = Math.max(round, made === 0 || isBefore ? made : made + 1);
    }
    rounds.get(layer)![call] = round;
  }
  return rounds;
}

export const MISNUMBERED = 'has calls that TensorFlow.js makes in another order: it takes one for another';

/** Finds a layer of which TensorFlow.js takes one call for another. */
export const findMisnumbered = (graph: Graph): string | undefined => builtOrders(graph).keys().next().value;

/** Calls made in one round may let others be made earlier. */
const MOST_ROUNDS = 16;

/** Numbers the calls of every layer as TensorFlow.js does: it then builds this graph, and no other. */
export const inBuiltOrder = (root: Graph): Graph =>
  mapGraphs(root, (graph) => {
    let numbered = graph;
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const orders = builtOrders(numbered);
      if (orders.size === 0) break;
      numbered = renumbered(numbered, orders);
    }
    return numbered;
  });

function renumbered(graph: Graph, orders: ReadonlyMap<string, readonly number[]>): Graph {
  const places = new Map(
    [...orders].map(([layer, order]) => [layer, new Map(order.map((call, index) => [call, index]))]),
  );
  const now = (ref: TensorRef): TensorRef => ({ ...ref, call: places.get(ref.layer)?.get(ref.call) ?? ref.call });
  const layers = graph.layers.map((layer): Layer => {
    const calls = layer.calls.map((call) => ({ ...call, inputs: call.inputs.map(now) }));
    const order = orders.get(layer.name);
    if (order === undefined) return { ...layer, calls };
    const nodes = getMember(layer.entry, 'inbound_nodes');
    const inOrder = <T>(items: readonly T[]): readonly T[] => order.map((call) => items[call]!);
    const entry = isArray(nodes)
      ? withMember(layer.entry!, 'inbound_nodes', withItems(nodes, inOrder(nodes.items)))
      : layer.entry;
    return { ...layer, entry, calls: inOrder(calls) };
  });
  return { ...graph, layers, outputs: graph.outputs.map(now) };
}
