import { channelsAxisOf, type GraphView, listViews, shapeOf } from './graph-view.js';

// Ways through a network that go on across the borders of nested models.

/** A node, and the graph it stands in. */
interface Stop {
  readonly view: GraphView;
  readonly node: number;
}

/** The calls of each nested model. */
export type Callers = ReadonlyMap<GraphView, readonly Stop[]>;

export function findCallers(root: GraphView): Callers {
  const callers = new Map<GraphView, Stop[]>();
  for (const view of listViews(root)) {
    for (const { id, layer } of view.nodes) {
      const inner = view.inner.get(layer);
      if (inner !== undefined) callers.set(inner, [...(callers.get(inner) ?? []), { view, node: id }]);
    }
  }
  return callers;
}

/** The path of a node's features up to the next layer that learns from them. */
export interface Tail {
  /** Nodes that are passed, the first included; a nested model without weights is one. */
  readonly passed: readonly Stop[];
  /** The numbers of channels that the model's outputs have at its ends; empty where it reaches no output. */
  readonly ends: readonly (number | null)[];
  /** Whether a layer learns from the features: a convolution, a dense or recurrent one, or one of an unknown class. */
  readonly isLearntFrom: boolean;
}

/**
 * Follows a node's first tensor through norms and whatever has no weights; existing SE modules are passed as well.
 * @param untilLearnt whether nothing more is asked of a tail from which a layer learns: in a chain of residual units all of
 *   them would be followed to the end of the network otherwise
 */
export function tailOf(callers: Callers, view: GraphView, node: number, untilLearnt = false): Tail {
  const queue: (Stop & { readonly tensor: number | 'all' })[] = [];
  const seen = new Map<GraphView, Set<string>>();
  const visit = (at: GraphView, id: number, tensor: number | 'all') => {
    const known = seen.get(at) ?? new Set<string>();
    const key = `${id}:${tensor}`;
    if (known.has(key)) return;
    seen.set(at, known.add(key));
    queue.push({ view: at, node: id, tensor });
  };
  const ends: (number | null)[] = [];
  let isLearntFrom = false;
  visit(view, node, 0);
  for (const stop of queue) {
    if (isLearntFrom && untilLearnt) break;
    const { outputs, readers } = stop.view.nodes[stop.node]!;
    const isRead = (tensor: number) => stop.tensor === 'all' || stop.tensor === tensor;
    for (const { node: reader } of readers.filter(({ tensor }) => isRead(tensor))) {
      if (learns(stop.view, reader)) isLearntFrom = true;
      else visit(stop.view, reader, 'all');
    }
    const calls = callers.get(stop.view) ?? [];
    for (const tensor of outputs.filter(isRead)) {
      if (calls.length === 0) ends.push(channelsOf(stop.view, stop.node, tensor));
      for (const [index, ref] of stop.view.graph.outputs.entries()) {
        if (stop.view.nodeOf(ref).id !== stop.node || ref.tensor !== tensor) continue;
        for (const call of calls) visit(call.view, call.node, index);
      }
    }
  }
  return { passed: queue, ends, isLearntFrom };
}

function channelsOf(view: GraphView, node: number, tensor: number): number | null {
  const shape = shapeOf(view, { node, tensor });
  // A vector has no channels: it may be a map that was flattened.
  return shape === undefined || shape.length < 3 ? null : (shape[channelsAxisOf(view, node, shape.length)] ?? null);
}

function learns(view: GraphView, id: number): boolean {
  if (view.moduleNodes.has(id)) return false;
  const { layer } = view.nodes[id]!;
  const inner = view.inner.get(layer);
  if (inner !== undefined) return inner.nodes.some((node) => learns(inner, node.id));
  const { role } = view.facts[id]!;
  if (role === 'convolution' || role === 'dense') return true;
  return role === 'other' && layer.weights.length > 0;
}

/** All nodes that a node's features come from, itself first. */
export function* listAncestors(callers: Callers, view: GraphView, node: number): Generator<Stop> {
  const queue: Stop[] = [{ view, node }];
  const seen = new Map<GraphView, Set<number>>();
  for (const stop of queue) {
    const known = seen.get(stop.view) ?? new Set<number>();
    if (known.has(stop.node)) continue;
    seen.set(stop.view, known.add(stop.node));
    yield stop;
    const { inputs } = stop.view.nodes[stop.node]!;
    queue.push(...inputs.map((input) => ({ view: stop.view, node: input.node })));
    if (inputs.length > 0) continue;
    const index = stop.view.graph.inputs.findIndex((ref) => stop.view.nodeOf(ref).id === stop.node);
    for (const call of callers.get(stop.view) ?? []) {
      const given = call.view.nodes[call.node]!.inputs[index];
      if (given !== undefined) queue.push({ view: call.view, node: given.node });
    }
  }
}
