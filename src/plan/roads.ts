import { hasActivityRegularizer, isHeld } from '../layers/config.js';
import { computesInFloat16 } from '../layers/dtype-policy.js';
import type { Scaling } from '../layers/layer-facts.js';
import type { GraphNode } from '../model/graph-nodes.js';
import { isDoublable } from '../model/tensor.js';
import type { GraphView, NodeTensor } from '../stages/graph-view.js';
import type { PlacedIn } from './candidates.js';
import type { Doubling, ExactBy } from './plan.js';

/** How one site stays exact: what it is called, and which weights are doubled for it. */
export interface Road {
  readonly exactBy: ExactBy;
  readonly doublings: readonly Doubling[];
}

const DOUBLED_GATE: Road = { exactBy: 'doubled-gate', doublings: [] };

/** What no road leads through. */
export interface Bounds {
  /** Whether a tensor takes a module. */
  readonly isSite: (view: GraphView, tensor: NodeTensor) => boolean;
  /** Whether a weight holds numbers that cannot be doubled. */
  readonly isFixed: (weight: Omit<Doubling, 'exponent'>) => boolean;
}

/**
 * Where the factor 2 goes that makes up for the gates' 1/2: into weights before the site, into weights behind it, or,
 * always possible, into the gate. Doubling is exact in binary floating point. See DESIGN.md, "Why a retrofit can be
 * exact".
 */
export function chooseRoad(places: readonly PlacedIn[], bounds: Bounds): Road {
  return upstream(places, bounds) ?? downstream(places, bounds) ?? DOUBLED_GATE;
}

/** Road 1: into the last linear layers before the site, back through whatever commutes with a positive factor. */
function upstream(places: readonly PlacedIn[], bounds: Bounds): Road | undefined {
  const targets: Target[] = [];
  for (const { view, place } of places) {
    if (!everyReaderMoves(view, place)) return undefined;
    const stack: NodeTensor[] = [place];
    for (let tensor = stack.pop(); tensor !== undefined; tensor = stack.pop()) {
      const node = view.nodes[tensor.node]!;
      if (tensor !== place && (!hasOneReader(node, tensor) || bounds.isSite(view, tensor))) return undefined;
      const scaling = scalingOf(view, node);
      if (scaling === undefined) return undefined;
      if (scaling.kind === 'commutes') {
        if (node.inputs.length === 0) return undefined;
        stack.push(...node.inputs);
        continue;
      }
      const target = hasActivityRegularizer(node.layer.settings)
        ? undefined
        : targetAt(view, node, scaling.by, scaling.doublesOutput, bounds);
      if (target === undefined) return undefined;
      targets.push(target);
    }
  }
  const [first, ...rest] = targets;
  if (first === undefined) return undefined;
  return { exactBy: rest.length > 0 ? 'branches' : first.by, doublings: targets.flatMap((target) => target.doublings) };
}

/** Road 2: into the kernels behind the site, if every way from it ends in one. */
function downstream(places: readonly PlacedIn[], bounds: Bounds): Road | undefined {
  const targets: Target[] = [];
  for (const { view, place } of places) {
    const { outputs, readers } = view.nodes[place.node]!;
    if (outputs.includes(place.tensor)) return undefined;
    const moved =
      place.readers === 'all'
        ? readers.filter((reader) => reader.tensor === place.tensor).map((reader) => reader.node)
        : place.readers;
    const seen = new Set(moved);
    for (const id of seen) {
      const node = view.nodes[id]!;
      const scaling = scalingOf(view, node);
      if (scaling === undefined || node.inputs.length !== 1) return undefined;
      if (scaling.kind === 'linear') {
        const target = targetAt(view, node, scaling.by, scaling.doublesInput, bounds);
        if (target === undefined) return undefined;
        targets.push(target);
        continue;
      }
      if (node.outputs.length > 0 || bounds.isSite(view, { node: id, tensor: 0 })) return undefined;
      for (const reader of node.readers) seen.add(reader.node);
    }
  }
  if (targets.length === 0) return undefined;
  return { exactBy: 'consumers', doublings: targets.flatMap((target) => target.doublings) };
}

interface Target {
  readonly by: 'norm' | 'conv' | 'dense';
  readonly doublings: readonly Doubling[];
}

/** What a factor does at a node; undefined where it must not get through, or where nothing is known of it. */
function scalingOf(view: GraphView, node: GraphNode): Scaling | undefined {
  const { layer } = node;
  // An operation may be called with constants, which its facts do not see.
  if (layer.isOperation && layer.calls[node.call]!.hasArguments) return undefined;
  if (layer.graph !== undefined || computesInFloat16(layer.settings)) return undefined;
  const scaling = view.facts[node.id]!.scaling?.(layer.settings);
  // An activity regulariser looks at the output, which the factor changes all along a road.
  return scaling?.kind === 'commutes' && hasActivityRegularizer(layer.settings) ? undefined : scaling;
}

function targetAt(
  view: GraphView,
  { layer, id }: GraphNode,
  by: Target['by'],
  bases: readonly string[] | undefined,
  { isFixed }: Bounds,
): Target | undefined {
  if (bases === undefined || layer.calls.length > 1) return undefined;
  if (bases.some((base) => isHeld(layer.settings, base))) return undefined;
  const facts = view.facts[id]!.weights?.(layer.settings, []) ?? [];
  const names = bases.map((base) => facts.find((fact) => fact.base === base)?.name);
  if (names.includes(undefined)) return undefined;
  if (layer.weights.some(({ name, tensor }) => names.includes(name) && !isDoublable(tensor))) return undefined;
  const doublings = names.map((name) => ({ graph: view.path, layer: layer.name, weight: name!, exponent: 1 }));
  return doublings.some(isFixed) ? undefined : { by, doublings };
}

const hasOneReader = (node: GraphNode, { tensor }: NodeTensor): boolean =>
  node.readers.filter((reader) => reader.tensor === tensor).length === 1 && !node.outputs.includes(tensor);

/** Whether nobody is left who reads the tensor unscaled. */
function everyReaderMoves(view: GraphView, place: PlacedIn['place']): boolean {
  if (place.readers === 'all') return true;
  const { outputs, readers } = view.nodes[place.node]!;
  const moved = new Set(place.readers);
  return (
    !outputs.includes(place.tensor) &&
    readers.every((reader) => reader.tensor !== place.tensor || moved.has(reader.node))
  );
}
