/** Node 0 is the virtual root above all entries; node `id` of the graph stands at `id + 1`. */
export const ROOT = -1;

export interface DominatorTree {
  /** The closest dominator of a node; ROOT if its paths have none in common. */
  parent(node: number): number;
  /** Whether every path to `node` leads through `by`; a node dominates itself. */
  dominates(by: number, node: number): boolean;
}

/**
 * The dominator tree of an acyclic graph, in O(n log n): a node's dominator is the lowest common ancestor of what
 * leads to it. Ancestors are found over jump pointers (E. Myers, "An applicative random-access stack", 1983).
 * @param order nodes, predecessors first
 * @param predecessors of a node; ROOT among them for an entry
 */
export function dominatorTree(
  order: readonly number[],
  predecessors: (node: number) => readonly number[],
): DominatorTree {
  const size = order.length + 1;
  const parents = new Int32Array(size);
  const depths = new Int32Array(size);
  const jumps = new Int32Array(size);

  const ancestorAt = (node: number, depth: number): number => {
    let at = node;
    while (depths[at]! > depth) at = depths[jumps[at]!]! >= depth ? jumps[at]! : parents[at]!;
    return at;
  };
  const lowestCommon = (left: number, right: number): number => {
    const depth = Math.min(depths[left]!, depths[right]!);
    let a = ancestorAt(left, depth);
    let b = ancestorAt(right, depth);
    while (a !== b) {
      if (jumps[a] === jumps[b]) {
        a = parents[a]!;
        b = parents[b]!;
      } else {
        a = jumps[a]!;
        b = jumps[b]!;
      }
    }
    return a;
  };

  for (const node of order) {
    const found = predecessors(node);
    let parent = found.length === 0 ? 0 : found[0]! + 1;
    for (const next of found) parent = lowestCommon(parent, next + 1);
    const at = node + 1;
    parents[at] = parent;
    depths[at] = depths[parent]! + 1;
    const jump = jumps[parent]!;
    jumps[at] = depths[parent]! - depths[jump]! === depths[jump]! - depths[jumps[jump]!]! ? jumps[jump]! : parent;
  }
  return {
    parent: (node) => parents[node + 1]! - 1,
    dominates: (by, node) => ancestorAt(node + 1, depths[by + 1]!) === by + 1,
  };
}
