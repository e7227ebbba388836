import { channelsAxis, perAxis } from '../layers/config.js';
import type { LayerFacts, Shape } from '../layers/layer-facts.js';
import { factsOfLayer, shapeInside, stepCount } from '../model/facts-of-layer.js';
import { type GraphNode, type NodeGraph, resolveGraph } from '../model/graph-nodes.js';
import { findKeepdimsMismatches } from '../model/keepdims-mismatch.js';
import { type Graph, type Layer, stepAxes } from '../model/model.js';
import { inferShapes, type NodeShapes } from '../model/shapes.js';
import { type DominatorTree, dominatorTree, ROOT } from './dominator-tree.js';
import { type ExistingModule, findModules } from './existing-modules.js';
import { findGateNodes } from './gates.js';

/** A cumulative stride, one factor an axis; a single factor applies to every axis. */
export type Stride = readonly number[];

/** A tensor of a view: the output of one of its nodes. */
export interface NodeTensor {
  readonly node: number;
  readonly tensor: number;
}

/** One graph of a model with all data that stages and blocks are found by, by node number. */
export interface GraphView extends NodeGraph {
  readonly path: readonly string[];
  readonly graph: Graph;
  readonly nodes: readonly GraphNode[];
  readonly facts: readonly LayerFacts[];
  readonly shapes: NodeShapes;
  readonly strides: readonly (readonly Stride[])[];
  /** How many axes of steps lie between the batch and the features of a node: those of the frames of a video. */
  readonly stepAxes: readonly number[];
  /** How often the graph is computed for one example, where it is wrapped; null where that is not known. */
  readonly steps: number | null;
  /** Whether a node lies behind a global pooling or a flatten, where features have no place any more. */
  readonly isPooled: readonly boolean[];
  /** Whether a node's output carries a mask of the steps that count, as TensorFlow.js has it. */
  readonly isMasked: readonly boolean[];
  /** Number of convolutions in a node: one, those of a nested model, or none. Those inside SE modules do not count. */
  readonly convolutions: readonly number[];
  readonly modules: readonly ExistingModule[];
  readonly moduleNodes: ReadonlySet<number>;
  /** See {@link findGateNodes}. */
  readonly gateNodes: ReadonlySet<number>;
  /** The views of nested models, by the layer that holds them. */
  readonly inner: ReadonlyMap<Layer, GraphView>;
  readonly dominators: DominatorTree;
  readonly postDominators: DominatorTree;
  /** See {@link findKeepdimsMismatches}. */
  readonly keepdimsMismatches: ReadonlyMap<number, number>;
  /** Whether features have their channels behind the batch: a convolution or a pooling says so. */
  readonly isChannelsFirst: boolean;
  /** Nested models that are called at several resolutions: they are judged by their first call. */
  readonly mixedResolutions: readonly string[];
}

interface Incoming {
  readonly shapes: readonly (Shape | undefined)[];
  readonly strides: readonly Stride[];
  readonly stepAxes: number;
  readonly steps: number | null;
  readonly isPooled: boolean;
  readonly isMasked: boolean;
}

const NO_INPUT: Incoming = { shapes: [], strides: [], stepAxes: 0, steps: 1, isPooled: false, isMasked: false };
const UNIT: Stride = [1];

/** Views a graph and the models nested in it, as they are called from the outermost one. */
export function viewGraph(graph: Graph, path: readonly string[] = [], incoming: Incoming = NO_INPUT): GraphView {
  const nodeGraph = resolveGraph(graph);
  const { nodes } = nodeGraph;
  const facts = nodes.map((node) => factsOfLayer(node.layer));
  const shapes = inferShapes(graph, incoming.shapes);
  const modules = findModules(nodes, facts);
  const moduleNodes = new Set(modules.flatMap((module) => module.nodes));
  const given = new Map(graph.inputs.map((ref, index) => [nodeGraph.nodeOf(ref).id, incoming.strides[index] ?? UNIT]));

  const inner = new Map<Layer, GraphView>();
  const strides: (readonly Stride[])[] = [];
  const steps: number[] = [];
  const isPooled: boolean[] = [];
  const isMasked: boolean[] = [];
  const convolutions: number[] = [];
  const mixed = new Set<string>();
  for (const node of nodes) {
    const read = node.inputs.map((input) => strides[input.node]![input.tensor] ?? strides[input.node]![0] ?? UNIT);
    const behindPool =
      node.inputs.length === 0 ? incoming.isPooled : node.inputs.every((input) => isPooled[input.node]);
    const seesMask = given.has(node.id) ? incoming.isMasked : node.inputs.some((input) => isMasked[input.node]);
    if (node.layer.graph !== undefined) {
      let view = inner.get(node.layer);
      if (view === undefined) {
        const called = node.inputs.map((input) => shapes[input.node]?.[input.tensor]);
        const more = stepCount(node.layer, called[0]);
        view = viewGraph(node.layer.graph, [...path, node.layer.name], {
          shapes: called.map((shape) => shapeInside(node.layer, shape)),
          strides: read,
          stepAxes: Math.max(0, (steps[node.inputs[0]?.node ?? -1] ?? 0) - stepAxes(node.layer)),
          steps: incoming.steps === null || more === null ? null : incoming.steps * more,
          isPooled: behindPool,
          isMasked: seesMask,
        });
        inner.set(node.layer, view);
      } else if (area(read[0] ?? UNIT) !== area(view.strides[0]?.[0] ?? UNIT)) {
        mixed.add(node.layer.name);
      }
      const ends = node.layer.graph.outputs.map((ref) => ({ at: view.nodeOf(ref).id, tensor: ref.tensor }));
      strides.push(ends.map(({ at, tensor }) => view.strides[at]![tensor] ?? view.strides[at]![0] ?? UNIT));
      steps.push(stepAxes(node.layer) + Math.max(...ends.map(({ at }) => view.stepAxes[at]!)));
      isPooled.push(ends.every(({ at }) => view.isPooled[at]));
      isMasked.push(ends.some(({ at }) => view.isMasked[at]));
      convolutions.push(behindPool ? 0 : view.convolutions.reduce((sum, count) => sum + count, 0));
      continue;
    }
    const fact = facts[node.id]!;
    const base = given.get(node.id) ?? mainStride(node, strides, isPooled);
    strides.push([times(base, fact.resolution?.(node.layer.settings) ?? UNIT)]);
    steps.push(given.has(node.id) ? incoming.stepAxes : stepAxesBehind(node, fact, shapes, steps));
    isPooled.push(staysPooled(behindPool, fact, shapes[node.id]?.[0]));
    const masking = fact.masking?.(node.layer.settings);
    isMasked.push(masking === 'makes' || (masking === 'passes' && seesMask));
    convolutions.push(fact.role === 'convolution' && !behindPool && !moduleNodes.has(node.id) ? 1 : 0);
  }

  const forward = nodes.map((node) => node.id);
  const postDominators = dominatorTree(forward.toReversed(), (id) => [
    ...nodes[id]!.readers.map((reader) => reader.node),
    ...(nodes[id]!.outputs.length > 0 ? [ROOT] : []),
  ]);
  return {
    ...nodeGraph,
    path,
    facts,
    shapes,
    strides,
    stepAxes: steps,
    steps: incoming.steps,
    isPooled,
    isMasked,
    convolutions,
    modules,
    moduleNodes,
    gateNodes: findGateNodes({ nodes, facts, postDominators, isPointwise: (id) => isPointwise({ nodes, facts }, id) }),
    inner,
    dominators: dominatorTree(forward, (id) => nodes[id]!.inputs.map((input) => input.node)),
    postDominators,
    keepdimsMismatches: findKeepdimsMismatches(nodes),
    isChannelsFirst: hasChannelsFirst(nodes, facts, [...inner.values()]),
    mixedResolutions: [...mixed, ...[...inner.values()].flatMap((view) => view.mixedResolutions)],
  };
}

/** Tells whether a node is a plain 1x1 convolution. */
export function isPointwise({ nodes, facts }: Pick<GraphView, 'nodes' | 'facts'>, id: number): boolean {
  const { convolution, spatialRank } = facts[id]!;
  if (convolution !== 'standard') return false;
  return perAxis(nodes[id]!.layer.settings, 'kernel_size', spatialRank!)?.every((size) => size === 1) ?? false;
}

// Where tensors meet they have one resolution; a gate that was pooled away has none to speak of.
function mainStride(node: GraphNode, strides: readonly (readonly Stride[])[], isPooled: readonly boolean[]): Stride {
  const input = node.inputs.find((candidate) => !isPooled[candidate.node]) ?? node.inputs[0];
  if (input === undefined) return UNIT;
  return strides[input.node]![input.tensor] ?? strides[input.node]![0] ?? UNIT;
}

/** Axes of steps stay until a layer takes them for places, or makes other axes of them. */
function stepAxesBehind(
  { id, layer, inputs }: GraphNode,
  { role, spatialRank }: LayerFacts,
  shapes: NodeShapes,
  steps: readonly number[],
): number {
  const own = stepAxes(layer);
  const before = inputs.find(({ node }) => steps[node]! > 0);
  if (own > 0 || before === undefined || spatialRank !== undefined) return own;
  if (role === 'reshape' || role === 'flatten') return 0;
  return shapes[id]?.[0]?.length === shapes[before.node]?.[before.tensor]?.length ? steps[before.node]! : 0;
}

function staysPooled(behindPool: boolean, facts: LayerFacts, shape: Shape | undefined): boolean {
  if (facts.role === 'global-pool' || facts.role === 'flatten') return true;
  if (!behindPool) return false;
  if (facts.role === 'upsampling' || facts.convolution === 'transposed') return false;
  // A decoder reshapes its code into a map again.
  if (facts.role !== 'reshape' || shape === undefined || shape.length < 3) return true;
  return shape.slice(1).filter((size) => size !== 1).length <= 1;
}

function times(left: Stride, right: Stride): Stride {
  const rank = Math.max(left.length, right.length);
  return Array.from({ length: rank }, (_, axis) => (left[axis] ?? left[0]!) * (right[axis] ?? right[0]!));
}

/** Returns the product of the factors of a stride, by which strides are ranked. */
export const area = (stride: Stride): number => stride.reduce((product, factor) => product * factor, 1);

export const strideOf = (view: GraphView, { node, tensor }: NodeTensor): Stride =>
  view.strides[node]![tensor] ?? view.strides[node]![0] ?? UNIT;

export const shapeOf = (view: GraphView, { node, tensor }: NodeTensor): Shape | undefined =>
  view.shapes[node]?.[tensor];

function hasChannelsFirst(
  nodes: readonly GraphNode[],
  facts: readonly LayerFacts[],
  inner: readonly GraphView[],
): boolean {
  const spatial = nodes.find(({ id, layer }) => facts[id]!.spatialRank !== undefined && layer.settings.data_format);
  if (spatial !== undefined) return spatial.layer.settings.data_format === 'channels_first';
  return inner.some((view) => view.isChannelsFirst);
}

/**
 * Returns the axis of a node's channels in a tensor of this rank: before or behind the spatial axes, behind all steps.
 */
export const channelsAxisOf = (view: GraphView, node: number, rank: number): number =>
  view.isChannelsFirst ? 1 + view.stepAxes[node]! : channelsAxis({}, rank);

/** All views, outermost first, in the order in which the models are called. */
export function* listViews(view: GraphView): Generator<GraphView> {
  yield view;
  for (const inner of view.inner.values()) yield* listViews(inner);
}
