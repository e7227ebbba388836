import {
  behindMerge,
  convolutionsOf,
  countConvolutions,
  entryOf,
  type FoundBlock,
  isGateOnly,
  isUpsampling,
  nodesBackTo,
  type Place,
} from './block.js';
import type { Concatenations } from './concatenations.js';
import { ROOT } from './dominator-tree.js';
import { type GraphView, type NodeTensor, strideOf } from './graph-view.js';
import type { Ends } from './output-makers.js';

interface Branch {
  readonly tensor: NodeTensor;
  /** The nodes that only this branch goes through. */
  readonly nodes: ReadonlySet<number>;
  readonly convolutions: number;
}

/** Two-input Adds that join a branch with convolutions and one with at most one: a shortcut. */
export function findResidualUnits(view: GraphView, concatenations: Concatenations, ends: Ends): readonly FoundBlock[] {
  return view.nodes.flatMap((node) => {
    if (view.facts[node.id]!.role !== 'add' || node.inputs.length !== 2 || view.isPooled[node.id]) return [];
    if (view.moduleNodes.has(node.id) || concatenations.isInside(node.id)) return [];
    const branches = branchesOf(view, node.id);
    if (branches === undefined) return [];
    const [main, shortcut] = branches;
    if (main.convolutions <= shortcut.convolutions || shortcut.convolutions > 1) return [];
    if ([...main.nodes, ...shortcut.nodes].some((id) => isUpsampling(view, id))) return [];
    // The image that a whole network corrects (DnCNN, VDSR) is no shortcut of a unit.
    if (shortcut.convolutions === 0 && ends.isWholeNetwork(view, node.id, shortcut.tensor.node)) return [];
    const unit = residualUnit(view, node.id, main, shortcut);
    return isGateOnly(unit) ? [] : [unit];
  });
}

/** The two branches of an Add, the one with more convolutions first; undefined where they start from no one tensor. */
function branchesOf(view: GraphView, add: number): readonly [Branch, Branch] | undefined {
  const dominator = view.dominators.parent(add);
  const [left, right] = view.nodes[add]!.inputs as unknown as readonly [NodeTensor, NodeTensor];
  if (dominator === ROOT || (left.node === right.node && left.tensor === right.tensor)) return undefined;
  const leftAll = nodesBackTo(view, left.node, dominator);
  const rightAll = nodesBackTo(view, right.node, dominator);
  const branch = (tensor: NodeTensor, all: ReadonlySet<number>, other: ReadonlySet<number>): Branch => {
    const nodes = new Set([...all].filter((id) => !other.has(id)));
    return { tensor, nodes, convolutions: countConvolutions(view, nodes) };
  };
  const branches = [branch(left, leftAll, rightAll), branch(right, rightAll, leftAll)] as const;
  return branches[0].convolutions >= branches[1].convolutions ? branches : [branches[1], branches[0]];
}

function residualUnit(view: GraphView, add: number, main: Branch, shortcut: Branch): FoundBlock {
  const nodes = new Set([...main.nodes, ...shortcut.nodes, add]);
  const entry = entryOf(view, main.nodes);
  const end = strideOf(view, { node: add, tensor: 0 });
  return {
    kind: 'residual',
    view,
    end: add,
    nodes,
    // ResNet v2 strides the last unit of a stack, with a pooled shortcut: the unit belongs to the stack.
    stride: shortcut.convolutions === 0 && entry !== undefined ? strideOf(view, entry) : end,
    standard: beforeDropout(view, main, add),
    pre: entry,
    post: behindMerge(view, add),
    identity: { ...shortcut.tensor, readers: [add] },
    convolutions: convolutionsOf(view, main.nodes),
  };
}

/** The end of the main branch; dropout and stochastic depth stay behind the module. */
function beforeDropout(view: GraphView, main: Branch, add: number): Place {
  let { node, tensor } = main.tensor;
  let reader = add;
  while (view.facts[node]!.role === 'dropout' && main.nodes.has(node) && view.nodes[node]!.readers.length === 1) {
    const input = view.nodes[node]!.inputs[0]!;
    reader = node;
    ({ node, tensor } = input);
  }
  return { node, tensor, readers: [reader] };
}
