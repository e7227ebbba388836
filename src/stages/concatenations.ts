import { axisOf } from '../layers/config.js';
import {
  behindMerge,
  convolutionsOf,
  countConvolutions,
  entryOf,
  type FoundBlock,
  isGateOnly,
  isUpsampling,
  nodesBackTo,
  sameStride,
} from './block.js';
import { ROOT } from './dominator-tree.js';
import { channelsAxisOf, type GraphView, strideOf } from './graph-view.js';
import type { Ends } from './output-makers.js';

/** A Concatenate of channels that joins branches of one tensor: an inception module, or a link of a dense block. */
interface JoiningConcatenate {
  readonly node: number;
  readonly dominator: number;
  /** The nodes of its branches. */
  readonly branches: ReadonlySet<number>;
  /** Whether its other inputs are computed from one of them. */
  readonly isDense: boolean;
}

export interface Concatenations {
  readonly joining: readonly JoiningConcatenate[];
  /** Whether a node lies in branches that a Concatenate closes: a residual unit in there is part of a module. */
  readonly isInside: (node: number) => boolean;
}

export function findConcatenations(view: GraphView): Concatenations {
  const joining = view.nodes.flatMap((node) => joiningAt(view, node.id) ?? []);
  const inside = new Set<number>();
  for (const { node, branches } of joining) {
    for (const id of branches) if (view.postDominators.dominates(node, id)) inside.add(id);
  }
  return { joining, isInside: (node) => inside.has(node) };
}

function joiningAt(view: GraphView, node: number): JoiningConcatenate | undefined {
  if (view.facts[node]!.role !== 'concatenate' || view.isPooled[node] || !isOfChannels(view, node)) return undefined;
  const inputs = view.nodes[node]!.inputs;
  const distinct = new Set(inputs.map((input) => `${input.node}:${input.tensor}`));
  const dominator = view.dominators.parent(node);
  if (distinct.size < 2 || dominator === ROOT) return undefined;
  // A skip of a U-Net starts here too: looking stops at the first node that makes the features grow.
  const branches = new Set<number>();
  for (const input of inputs) if (input.node !== dominator) branches.add(input.node);
  for (const id of branches) {
    if (isUpsampling(view, id)) return undefined;
    for (const input of view.nodes[id]!.inputs) if (input.node !== dominator) branches.add(input.node);
  }
  if (countConvolutions(view, branches) === 0) return undefined;
  const isDense = inputs.some((input) => input.node === dominator);
  if (isDense && !inputs.every((input) => sameStride(view, input, { node: dominator, tensor: 0 }))) return undefined;
  return { node, dominator, branches, isDense };
}

function isOfChannels(view: GraphView, node: number): boolean {
  const axis = view.facts[node]!.joinedAxis?.(view.nodes[node]!.layer.settings);
  const rank =
    view.shapes[node]?.[0]?.length ??
    view.nodes[node]!.inputs.map((input) => view.shapes[input.node]?.[input.tensor]?.length).find(Boolean);
  if (axis === undefined) return true;
  if (rank === undefined) return axis === -1;
  return rank - view.stepAxes[node]! >= 3 && axisOf(axis, rank) === channelsAxisOf(view, node, rank);
}

/** Concatenates that end an inception module: those that do not just feed the next merge of the same module. */
export function findInceptionModules(
  view: GraphView,
  { joining }: Concatenations,
  isInResidualBranch: (node: number) => boolean,
  ends: Ends,
): readonly FoundBlock[] {
  return joining.flatMap((joined) => {
    if (joined.isDense || isInResidualBranch(joined.node) || feedsAnotherMerge(view, joined.node)) return [];
    const nodes = new Set([...joined.branches, joined.node]);
    const module = block(view, 'inception', joined.node, nodes, joined.branches);
    return isGateOnly(module) || joinsOutputs(module, ends) ? [] : [module];
  });
}

/** Tells whether a Concatenate only joins the model's outputs: boxes and scores, or the scores of several layers. */
const joinsOutputs = ({ view, end, convolutions }: FoundBlock, ends: Ends): boolean =>
  view.nodes[end]!.inputs.every(({ node }) => {
    const makers = convolutions.filter((id) => id <= node && view.postDominators.dominates(node, id));
    return makers.length > 0 && ends.makesOutput(view, makers.at(-1)!);
  });

function feedsAnotherMerge(view: GraphView, node: number): boolean {
  const seen = new Set([node]);
  for (const id of seen) {
    for (const { node: reader } of view.nodes[id]!.readers) {
      const { role } = view.facts[reader]!;
      if (view.nodes[reader]!.inputs.length > 1) {
        if (!view.dominators.dominates(node, reader)) return true;
      } else if (
        role === 'convolution' ||
        role === 'pool' ||
        role === 'global-pool' ||
        role === 'norm' ||
        role === 'dense'
      ) {
        continue;
      }
      seen.add(reader);
    }
  }
  return false;
}

/** Chains of Concatenates in which each goes on from the one before. Their site is the end of the chain. */
export function findDenseBlocks(
  view: GraphView,
  { joining }: Concatenations,
  isInResidualBranch: (node: number) => boolean,
): readonly FoundBlock[] {
  const links = new Map(
    joining
      .filter((joined) => joined.isDense && !isInResidualBranch(joined.node))
      .map((joined) => [joined.node, joined]),
  );
  const continued = new Set<number>();
  const linkBefore = (dominator: number): number | undefined => {
    // A norm or an activation between two links does not end the chain.
    for (let at = dominator; ; ) {
      if (links.has(at)) return at;
      const { inputs } = view.nodes[at]!;
      const { role } = view.facts[at]!;
      if (inputs.length !== 1 || !['activation', 'norm', 'dropout'].includes(role)) return undefined;
      at = inputs[0]!.node;
    }
  };
  const before = new Map([...links.values()].map((link) => [link.node, linkBefore(link.dominator)]));
  for (const link of before.values()) if (link !== undefined) continued.add(link);

  return [...links.values()].flatMap((last) => {
    if (continued.has(last.node)) return [];
    const nodes = new Set<number>();
    let first = last;
    for (
      let link: JoiningConcatenate | undefined = last;
      link !== undefined;
      link = links.get(before.get(link.node) ?? ROOT)
    ) {
      first = link;
      nodes.add(link.node);
      for (const id of nodesBackTo(view, link.node, link.dominator)) nodes.add(id);
    }
    return [block(view, 'dense', last.node, nodes, first.branches)];
  });
}

function block(
  view: GraphView,
  kind: 'inception' | 'dense',
  end: number,
  nodes: ReadonlySet<number>,
  entry: ReadonlySet<number>,
): FoundBlock {
  return {
    kind,
    view,
    end,
    nodes,
    stride: strideOf(view, { node: end, tensor: 0 }),
    standard: { node: end, tensor: 0, readers: 'all' },
    pre: entryOf(view, entry),
    post: behindMerge(view, end),
    identity: undefined,
    convolutions: convolutionsOf(view, nodes),
  };
}
