import { isProbability } from '../layers/activations.js';
import type { LayerFacts } from '../layers/layer-facts.js';
import type { GraphNode } from '../model/graph-nodes.js';
import type { DominatorTree } from './dominator-tree.js';

/** The data of one graph that gates are found in. */
interface Nodes {
  readonly nodes: readonly GraphNode[];
  readonly facts: readonly LayerFacts[];
  readonly postDominators: DominatorTree;
  /** Whether a node is a plain 1x1 convolution. */
  readonly isPointwise: (id: number) => boolean;
}

/**
 * Finds the nodes that only make a gate: scores between 0 and 1 that other features are multiplied by. In an attention
 * U-Net (Oktay et al., 2018) these are the scoring convolution and those whose sum or concatenation it reads. A swish,
 * x times sigmoid(x), is not a gate, for x is read elsewhere too; and the network that makes a whole mask keeps its own
 * blocks.
 */
export function findGateNodes(graph: Nodes): ReadonlySet<number> {
  const found = new Set<number>();
  for (const node of graph.nodes) {
    if (graph.facts[node.id]!.role !== 'multiply' || node.inputs.length !== 2) continue;
    for (const input of node.inputs) {
      const scores = scoresBehind(graph, input.node);
      if (scores !== undefined) for (const id of listGateNodes(graph, scores)) found.add(id);
    }
  }
  return found;
}

const MAKERS: readonly string[] = ['convolution', 'dense', 'activation'];

/** The node that makes the scores a tensor holds, through layers that only move, repeat or resize them. */
function scoresBehind({ nodes, facts }: Nodes, from: number): number | undefined {
  for (let at = from; ; ) {
    const { inputs, layer } = nodes[at]!;
    const { role, makesProbabilities } = facts[at]!;
    if (makesProbabilities === true) return at;
    if (MAKERS.includes(role)) return isProbability(layer.settings) ? at : undefined;
    const [input] = inputs;
    if (role === 'norm' || input === undefined || inputs.some(({ node }) => node !== input.node)) return undefined;
    at = input.node;
  }
}

/** Lists a gate's nodes back from its scores, through 1x1 convolutions; a filter may stand last and before a merge. */
function listGateNodes({ nodes, facts, postDominators, isPointwise }: Nodes, scores: number): ReadonlySet<number> {
  const gate = new Set<number>();
  const queue = [{ id: scores, mayFilter: true, isMerged: false }];
  for (const { id, mayFilter, isMerged } of queue) {
    const { role } = facts[id]!;
    const isConvolution = role === 'convolution';
    const filters = isConvolution && !isPointwise(id);
    if (gate.has(id) || role === 'input' || (filters && !mayFilter) || !postDominators.dominates(scores, id)) continue;
    gate.add(id);
    const merges = role === 'add' || role === 'concatenate';
    if (merges && isMerged) continue;
    const before = { mayFilter: merges || (mayFilter && !isConvolution), isMerged: isMerged || merges };
    queue.push(...nodes[id]!.inputs.map(({ node }) => ({ id: node, ...before })));
  }
  return gate;
}
