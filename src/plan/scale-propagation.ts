import { hasActivityRegularizer, isConstrainedOrRegularized } from '../layers/config.js';
import { computesInFloat16 } from '../layers/dtype-policy.js';
import type { Scaling } from '../layers/layer-facts.js';
import type { GraphNode } from '../model/graph-nodes.js';
import { allSettings } from '../model/model.js';
import { isDoublable } from '../model/tensor.js';
import type { GraphView, NodeTensor } from '../stages/graph-view.js';
import type { PlacedIn } from './candidates.js';

// A positive factor moves from the tensor that it is wanted on, through whatever commutes with it, into weights that can
// take it.

type Linear = Extract<Scaling, { kind: 'linear' }>;

/** A tensor that is to be scaled, and the state of the factor there. */
export interface ScaleSource<S> extends PlacedIn {
  readonly state: S;
}

/** Rule by which a factor passes a layer; undefined where it must not. */
export interface TransferRule<S> {
  /** Maps the state at the layer's output to that at each of its inputs. */
  readonly back: (view: GraphView, node: GraphNode, state: S) => readonly S[] | undefined;
  /** Maps the state at one of its inputs to that at its output. */
  readonly ahead: (view: GraphView, node: GraphNode, input: number, state: S) => S | undefined;
}

/** A layer whose weights can take the factor. */
export interface ScaleSink<S> {
  readonly view: GraphView;
  readonly node: GraphNode;
  readonly scaling: Linear;
  readonly state: S;
}

/** Tensors that no way leads through. */
export type IsClosed = (view: GraphView, tensor: NodeTensor) => boolean;

/** Propagates a factor back to the last linear layers; undefined if a path ends elsewhere or has other readers. */
export function propagateBack<S>(
  sources: readonly ScaleSource<S>[],
  isClosed: IsClosed,
  rule: TransferRule<S>,
): readonly ScaleSink<S>[] | undefined {
  const sinks: ScaleSink<S>[] = [];
  for (const { view, place, state: wanted } of sources) {
    if (!everyReaderMoves(view, place)) return undefined;
    const stack: { readonly tensor: NodeTensor; readonly state: S }[] = [{ tensor: place, state: wanted }];
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      const { tensor, state } = next;
      const node = view.nodes[tensor.node]!;
      if (tensor !== place && (!hasOneReader(node, tensor) || isClosed(view, tensor))) return undefined;
      const scaling = scalingOf(view, node);
      if (scaling === undefined) return undefined;
      if (scaling.kind === 'linear') {
        if (allSettings(node.layer).some(hasActivityRegularizer)) return undefined;
        sinks.push({ view, node, scaling, state });
        continue;
      }
      const states = node.inputs.length === 0 ? undefined : rule.back(view, node, state);
      if (states === undefined) return undefined;
      node.inputs.forEach((input, index) => {
        stack.push({ tensor: input, state: states[index]! });
      });
    }
  }
  return sinks.length === 0 ? undefined : sinks;
}

/** Propagates a factor ahead to the next linear layers; undefined if one path ends elsewhere. */
export function propagateAhead<S>(
  sources: readonly ScaleSource<S>[],
  isClosed: IsClosed,
  rule: TransferRule<S>,
): readonly ScaleSink<S>[] | undefined {
  const sinks: ScaleSink<S>[] = [];
  for (const { view, place, state: wanted } of sources) {
    const { outputs, readers } = view.nodes[place.node]!;
    if (outputs.includes(place.tensor)) return undefined;
    const moved =
      place.readers === 'all'
        ? readers.filter((reader) => reader.tensor === place.tensor).map((reader) => reader.node)
        : place.readers;
    const seen = new Set<number>();
    const queue = moved.map((id) => ({ id, from: place as NodeTensor, state: wanted }));
    for (const { id, from, state } of queue) {
      const node = view.nodes[id]!;
      const scaling = scalingOf(view, node);
      // Two ways that meet would each bring the factor.
      if (scaling === undefined || seen.has(id)) return undefined;
      seen.add(id);
      if (scaling.kind === 'linear') {
        if (node.inputs.length !== 1) return undefined;
        sinks.push({ view, node, scaling, state });
        continue;
      }
      const after = rule.ahead(view, node, inputFrom(node, from), state);
      if (after === undefined || node.outputs.length > 0 || isClosed(view, { node: id, tensor: 0 })) return undefined;
      for (const reader of node.readers) queue.push({ id: reader.node, from: { node: id, tensor: 0 }, state: after });
    }
  }
  return sinks.length === 0 ? undefined : sinks;
}

const inputFrom = (node: GraphNode, from: NodeTensor): number =>
  node.inputs.findIndex((input) => input.node === from.node && input.tensor === from.tensor);

/** Returns the effect of a factor at a node; undefined where the factor must not pass, or the effect is unknown. */
function scalingOf(view: GraphView, node: GraphNode): Scaling | undefined {
  const { layer } = node;
  // An operation may be called with constants, which its facts do not see.
  if (layer.isOperation && layer.calls[node.call]!.hasArguments) return undefined;
  if (layer.graph !== undefined || allSettings(layer).some(computesInFloat16)) return undefined;
  const scaling = view.facts[node.id]!.scaling?.(layer.settings);
  // An activity regulariser depends on the output, which the factor changes all along the path.
  return scaling?.kind === 'commutes' && allSettings(layer).some(hasActivityRegularizer) ? undefined : scaling;
}

/**
 * Names of the weights that take the factor at a layer; undefined where it has none, where it is called more than once,
 * or where a constraint, a regulariser or the precision stands against it.
 */
export function listWeightsAt(
  { view, node: { layer, id } }: Pick<ScaleSink<unknown>, 'view' | 'node'>,
  bases: readonly string[] | undefined,
): readonly string[] | undefined {
  if (bases === undefined || layer.calls.length > 1) return undefined;
  if (bases.some((base) => isConstrainedOrRegularized(layer.settings, base))) return undefined;
  const facts = view.facts[id]!.weights?.(layer.settings, []) ?? [];
  const names = bases.map((base) => facts.find((fact) => fact.base === base)?.name);
  if (names.includes(undefined)) return undefined;
  if (layer.weights.some(({ name, tensor }) => names.includes(name) && !isDoublable(tensor))) return undefined;
  return names as readonly string[];
}

const hasOneReader = (node: GraphNode, { tensor }: NodeTensor): boolean =>
  node.readers.filter((reader) => reader.tensor === tensor).length === 1 && !node.outputs.includes(tensor);

/** Tells whether all readers of the tensor take the factor. */
function everyReaderMoves(view: GraphView, place: PlacedIn['place']): boolean {
  if (place.readers === 'all') return true;
  const { outputs, readers } = view.nodes[place.node]!;
  const moved = new Set(place.readers);
  return (
    !outputs.includes(place.tensor) &&
    readers.every((reader) => reader.tensor !== place.tensor || moved.has(reader.node))
  );
}
