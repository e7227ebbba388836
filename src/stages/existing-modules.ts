import type { LayerFacts } from '../layers/layer-facts.js';
import type { GraphNode } from '../model/graph-nodes.js';

/** An SE module that a model has already, whether of ours or not. */
export interface ExistingModule {
  /** The multiplication of features and gate. */
  readonly scale: number;
  /** The tensor that is scaled. */
  readonly features: number;
  /** All nodes between the features and the scale, both global pooling and scale included. */
  readonly nodes: readonly number[];
  readonly name: string;
  readonly kind: 'se-retrofit' | 'squeeze-excitation';
}

/** Longest way from a gate back to its pooling: two projections with norms and activations, and some op layers. */
const MAX_MODULE_NODES = 40;

/**
 * SE modules by their shape: a product of features and a gate, where the gate comes from globally pooled features
 * through at least one projection. So EfficientNet's, MobileNet v3's, ResNet-RS's and ours are all found.
 */
export function findModules(nodes: readonly GraphNode[], facts: readonly LayerFacts[]): readonly ExistingModule[] {
  const modules: ExistingModule[] = [];
  for (const node of nodes) {
    if (facts[node.id]!.role !== 'multiply' || node.inputs.length !== 2) continue;
    const [left, right] = [node.inputs[0]!.node, node.inputs[1]!.node];
    if (left === right) continue;
    for (const [features, gate] of [
      [left, right],
      [right, left],
    ] as const) {
      const way = wayToPooling(gate, nodes, facts);
      // A swish of pooled features multiplies two things that are both pooled.
      if (way === undefined || wayToPooling(features, nodes, facts) !== undefined) continue;
      const own = /^(se_\d+(?:_\d+){0,3})_scale$/.exec(node.layer.name);
      modules.push({
        scale: node.id,
        features,
        nodes: [...way, node.id],
        name: own?.[1] ?? node.layer.name,
        kind: own === null ? 'squeeze-excitation' : 'se-retrofit',
      });
      break;
    }
  }
  return modules;
}

/** The nodes from a gate back to global poolings; undefined if another way leads on, or if nothing is learnt on it. */
function wayToPooling(
  gate: number,
  nodes: readonly GraphNode[],
  facts: readonly LayerFacts[],
): readonly number[] | undefined {
  const way = new Set<number>([gate]);
  let learns = false;
  for (const id of way) {
    if (way.size > MAX_MODULE_NODES) return undefined;
    const { role } = facts[id]!;
    if (role === 'global-pool') continue;
    if (role === 'input' || role === 'pool' || role === 'concatenate' || nodes[id]!.inputs.length === 0)
      return undefined;
    if (role === 'dense' || role === 'convolution') learns = true;
    for (const input of nodes[id]!.inputs) way.add(input.node);
  }
  return learns ? [...way] : undefined;
}
