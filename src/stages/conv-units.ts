import { behindNonLinearity, convolutionsOf, entryOf, type FoundBlock, nodesBackTo, onlyReader } from './block.js';
import { type GraphView, isPointwise, strideOf } from './graph-view.js';
import type { Ends } from './output-makers.js';

/** An apparent block that gets no module, and why. */
export interface PassedOver {
  readonly view: GraphView;
  readonly node: number;
  readonly reason: 'makes-logits' | 'makes-gate' | 'no-non-linearity' | 'no-shortcut';
}

export interface ConvUnits {
  readonly blocks: readonly FoundBlock[];
  readonly passedOver: readonly PassedOver[];
}

/** Tells whether a view has a depthwise convolution that a pointwise one follows, or both in one layer. */
export const hasSeparablePairs = (view: GraphView): boolean =>
  view.nodes.some((node) => pairAt(view, node.id) !== undefined);

/**
 * Convolutions with their non-linearity, for networks that have no other blocks; where depthwise and pointwise
 * convolutions come in pairs, the pairs alone.
 */
export function findConvUnits(view: GraphView, pairsOnly: boolean, ends: Ends): ConvUnits {
  const blocks: FoundBlock[] = [];
  const passedOver: PassedOver[] = [];
  for (const node of view.nodes) {
    if (view.convolutions[node.id] !== 1 || view.facts[node.id]!.role !== 'convolution') continue;
    const last = pairsOnly ? pairAt(view, node.id) : node.id;
    if (last === undefined) continue;
    if (ends.makesOutput(view, last)) {
      passedOver.push({ view, node: last, reason: 'makes-logits' });
      continue;
    }
    if (view.gateNodes.has(last)) {
      passedOver.push({ view, node: last, reason: 'makes-gate' });
      continue;
    }
    const end = behindNonLinearity(view, last);
    if (!end.isNonLinear && !pairsOnly) {
      passedOver.push({ view, node: last, reason: 'no-non-linearity' });
      continue;
    }
    blocks.push(unit(view, node.id, end.node));
  }
  return { blocks, passedOver };
}

function unit(view: GraphView, first: number, end: number): FoundBlock {
  const nodes = new Set([first, ...nodesBackTo(view, end, first)]);
  const place = { node: end, tensor: 0, readers: 'all' } as const;
  return {
    kind: 'conv',
    view,
    end,
    nodes,
    stride: strideOf(view, { node: end, tensor: 0 }),
    standard: place,
    pre: entryOf(view, nodes),
    post: place,
    identity: undefined,
    convolutions: convolutionsOf(view, nodes),
  };
}

/** The convolution that completes a depthwise-pointwise pair starting here: the pointwise one, or a separable layer. */
function pairAt(view: GraphView, id: number): number | undefined {
  const { convolution } = view.facts[id]!;
  if (view.convolutions[id] !== 1) return undefined;
  if (convolution === 'separable') return id;
  if (convolution !== 'depthwise') return undefined;
  for (let at = id; ; ) {
    const reader = onlyReader(view, { node: at, tensor: 0 });
    if (reader === undefined) return undefined;
    if (view.facts[reader]!.role === 'convolution') return isPointwise(view, reader) ? reader : undefined;
    if (!['norm', 'activation', 'dropout'].includes(view.facts[reader]!.role)) return undefined;
    at = reader;
  }
}

/**
 * Finds, in a network that has blocks, the convolutions after the first block that belong to none. One entry for each
 * that makes an output, and one a run of the others, with its last convolution; a run without a spatial filter is a
 * transition or the head.
 */
export function findLooseConvolutions(
  view: GraphView,
  blocks: readonly FoundBlock[],
  ends: Ends,
): readonly PassedOver[] {
  const taken = new Set(blocks.flatMap((block) => [...block.nodes]));
  const firstEnd = Math.min(...blocks.map((block) => block.end));
  const loose = view.nodes.filter(
    ({ id }) =>
      id > firstEnd && view.convolutions[id]! === 1 && view.facts[id]!.role === 'convolution' && !taken.has(id),
  );
  const makers = new Set(loose.filter(({ id }) => ends.makesOutput(view, id)).map(({ id }) => id));
  const others = loose.filter(({ id }) => !makers.has(id) && !isPointwise(view, id));
  const lastOfRun = others.filter(({ id }, index) => {
    const next = others[index + 1];
    return next === undefined || blocks.some((block) => block.end > id && block.end < next.id);
  });
  return [
    ...lastOfRun.map(({ id }): PassedOver => ({ view, node: id, reason: 'no-shortcut' })),
    ...[...makers].map((id): PassedOver => ({ view, node: id, reason: 'makes-logits' })),
  ];
}
