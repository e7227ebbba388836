import { isProbability, isRectifier } from '../layers/activations.js';
import { findSelfGate, hasActivation, isActivation, isUpsampling } from './block.js';
import { type Callers, findCallers, listAncestors, type Tail, tailOf } from './crossings.js';
import { channelsAxisOf, type GraphView, shapeOf } from './graph-view.js';

/** Fewer than these are an image's or a score's, whatever activation made them. */
const FEW_CHANNELS = 4;

/** Tests that tell a network's ends: what makes an output, and what spans the whole network. */
export interface Ends {
  /** See {@link makesOutput}. */
  readonly makesOutput: (view: GraphView, convolution: number) => boolean;
  /** Whether an Add closes the whole network into one unit: the network's input comes to it, and it goes to the output. */
  readonly isWholeNetwork: (view: GraphView, add: number, shortcut: number) => boolean;
}

export function findEnds(root: GraphView): Ends {
  const callers = findCallers(root);
  return {
    makesOutput: (view, convolution) => makesOutput(callers, view, convolution),
    isWholeNetwork: (view, add, shortcut) => {
      const tail = tailOf(callers, view, add, true);
      if (tail.isLearntFrom || tail.ends.length === 0) return false;
      for (const stop of listAncestors(callers, view, shortcut)) {
        if (stop.view.facts[stop.node]!.role === 'convolution' || stop.view.moduleNodes.has(stop.node)) return false;
      }
      return true;
    },
  };
}

/**
 * Tells whether a convolution makes an output of the model: logits, scores, an image. Nothing else learns from it, and
 * its output is no feature map, such as that of a network without its top: a tail that ends in a ReLU or one of its kin
 * is a feature map, unless it has an image's few channels or less than half of those it is made of, or unless the
 * network has grown up to it again.
 */
function makesOutput(callers: Callers, view: GraphView, convolution: number): boolean {
  const tail = tailOf(callers, view, convolution);
  if (tail.ends.length === 0) return false;
  const shapes = nonLinearities(tail);
  // Where the network continues elsewhere too, an output is an auxiliary view of its features, unless they have become
  // scores.
  if (tail.isLearntFrom) return shapes.includes('probability');
  if (shapes.length === 0 || shapes.some((shape) => shape !== 'rectifier')) return true;
  const channels = channelsAt(view, convolution);
  const before = view.nodes[convolution]!.inputs[0];
  const read = before && channelsAt(view, before.node, before.tensor);
  if ([channels, ...tail.ends].some((count) => count !== null && count < FEW_CHANNELS)) return true;
  if (channels !== null && read !== undefined && read !== null && channels < read / 2) return true;
  for (const stop of listAncestors(callers, view, convolution)) {
    if (isUpsampling(stop.view, stop.node)) return true;
  }
  return false;
}

type NonLinearity = 'rectifier' | 'probability' | 'other';

const nonLinearities = ({ passed }: Tail): readonly NonLinearity[] => {
  // The sigmoid in a swish makes no scores.
  const inSelfGates = new Map<GraphView, readonly number[]>();
  for (const { view, node } of passed) {
    const nodes = findSelfGate(view, node)?.nodes ?? [];
    inSelfGates.set(view, [...(inSelfGates.get(view) ?? []), ...nodes]);
  }
  return passed.flatMap(({ view, node }) => {
    if (view.moduleNodes.has(node) || inSelfGates.get(view)!.includes(node)) return [];
    return findSelfGate(view, node) === undefined ? nonLinearitiesAt(view, node) : ['rectifier'];
  });
};

function nonLinearitiesAt(view: GraphView, id: number): readonly NonLinearity[] {
  const { layer } = view.nodes[id]!;
  const inner = view.inner.get(layer);
  if (inner !== undefined) return inner.nodes.flatMap((node) => nonLinearitiesAt(inner, node.id));
  const facts = view.facts[id]!;
  const { settings } = layer;
  if (facts.role === 'convolution') return hasActivation(view, id) ? [kindOf(settings, isRectifier(settings))] : [];
  return isActivation(view, id)
    ? [facts.makesProbabilities ? 'probability' : kindOf(settings, facts.isRectifier?.(settings) === true)]
    : [];
}

function kindOf(settings: Parameters<typeof isRectifier>[0], rectifies: boolean): NonLinearity {
  if (rectifies) return 'rectifier';
  return isProbability(settings) ? 'probability' : 'other';
}

function channelsAt(view: GraphView, node: number, tensor = 0): number | null {
  const shape = shapeOf(view, { node, tensor });
  return shape?.[channelsAxisOf(view, node, shape.length)] ?? null;
}
