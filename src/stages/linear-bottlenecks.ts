import { convolutionsOf, entryOf, type FoundBlock, hasActivation, isActivation, onlyReader } from './block.js';
import { ROOT } from './dominator-tree.js';
import { type GraphView, isPointwise, strideOf } from './graph-view.js';

/**
 * Blocks that end in a 1x1 convolution and a norm with no activation behind, and have no shortcut: MobileNet v2's.
 * To be asked for only where the network has residual units.
 * @param others blocks found before, residual ones among them
 */
export function findLinearBottlenecks(view: GraphView, others: readonly FoundBlock[]): readonly FoundBlock[] {
  const taken = new Set(others.flatMap((block) => [...block.nodes]));
  const ends = new Set(others.map((block) => block.end));
  const found: FoundBlock[] = [];
  for (const node of view.nodes) {
    if (view.convolutions[node.id] !== 1 || !isPointwise(view, node.id) || hasActivation(view, node.id)) continue;
    const norm = onlyReader(view, { node: node.id, tensor: 0 });
    if (norm === undefined || view.facts[norm]!.role !== 'norm' || taken.has(norm)) continue;
    if (view.nodes[norm]!.readers.some((reader) => mayActivate(view, reader.node))) continue;
    const nodes = fromFirstConvolution(view, wayBack(view, norm, ends));
    const hasDepthwise = [...nodes].some((id) => view.facts[id]!.convolution === 'depthwise');
    if (!hasDepthwise && isHead(view, norm)) continue;
    ends.add(norm);
    found.push({
      kind: 'bottleneck',
      view,
      end: norm,
      nodes,
      stride: strideOf(view, { node: norm, tensor: 0 }),
      standard: { node: norm, tensor: 0, readers: 'all' },
      pre: entryOf(view, nodes),
      post: { node: norm, tensor: 0, readers: 'all' },
      identity: undefined,
      convolutions: convolutionsOf(view, nodes),
    });
  }
  return found;
}

/**
 * Tells whether a node may be a non-linearity: MobileNet v3 builds its own from operations, others have custom layers.
 */
function mayActivate(view: GraphView, id: number): boolean {
  if (view.moduleNodes.has(id)) return false;
  const { role } = view.facts[id]!;
  if (role === 'add') return view.nodes[id]!.inputs.length < 2;
  return isActivation(view, id) || role === 'multiply' || role === 'other';
}

/** Walks from a block's norm back to the end of the block before it, or to where the features fork. */
function wayBack(view: GraphView, norm: number, ends: ReadonlySet<number>): ReadonlySet<number> {
  const nodes = new Set<number>([norm]);
  for (const id of nodes) {
    for (const { node } of view.nodes[id]!.inputs) {
      const inModule = view.moduleNodes.has(node) || view.moduleNodes.has(id);
      const forks = view.nodes[node]!.readers.some(
        (reader) => !nodes.has(reader.node) && !view.moduleNodes.has(reader.node),
      );
      if (ends.has(node) || view.facts[node]!.role === 'input' || (forks && !inModule)) continue;
      nodes.add(node);
    }
  }
  return nodes;
}

/** A bottleneck filters in space once: what lies before that and its expansion is the stem. */
function fromFirstConvolution(view: GraphView, nodes: ReadonlySet<number>): ReadonlySet<number> {
  let first = ROOT;
  let hasSpatial = false;
  for (const id of convolutionsOf(view, nodes).toReversed()) {
    if (!isPointwise(view, id)) {
      if (hasSpatial) break;
      hasSpatial = true;
    }
    first = id;
  }
  return new Set([...nodes].filter((id) => id >= first));
}

/** Tells whether no further convolution follows. */
function isHead(view: GraphView, from: number): boolean {
  const seen = new Set([from]);
  for (const id of seen) {
    if (id !== from && view.convolutions[id]! > 0) return false;
    for (const reader of view.nodes[id]!.readers) seen.add(reader.node);
  }
  return true;
}
