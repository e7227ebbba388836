import { isChannelsFirst } from '../layers/config.js';
import { type LayerFacts, type Shape, sameShape } from '../layers/layer-facts.js';
import { factsOfLayer } from './facts-of-layer.js';
import type { GraphNode, NodeInput } from './graph-nodes.js';
import { type Layer, stepAxes } from './model.js';
import { withoutScope } from './tensor.js';

/** A tensor's rank as one reader implies it, and sizes by axis, counted from the end where it is negative. */
interface Clue {
  readonly rank?: number | undefined;
  readonly sizes: readonly (readonly [axis: number, size: number])[];
}

/** A tensor on the way from the one asked about. Where only the channels come along: their axes there and here. */
interface Seen extends NodeInput {
  readonly channels?: { readonly asked: number; readonly here: number };
}

/**
 * Infers the shape of a tensor whose layer is not known from its readers: shapes that the file states, kernels, and the
 * rank that a class is made for, directly or behind layers that leave the channels unchanged. An Add implies nothing
 * about its operands, for it broadcasts.
 */
export function hintedShape(nodes: readonly GraphNode[], tensor: NodeInput): Shape | 'disagree' | undefined {
  return agree(listClues(nodes, tensor));
}

const readersOf = (nodes: readonly GraphNode[], { node, tensor }: NodeInput): ReadonlySet<number> =>
  new Set(nodes[node]!.readers.filter((reader) => reader.tensor === tensor).map((reader) => reader.node));

function listClues(nodes: readonly GraphNode[], asked: NodeInput): readonly Clue[] {
  const clues: Clue[] = [];
  const found: Seen[] = [asked];
  for (const seen of found) {
    for (const id of readersOf(nodes, seen)) {
      const reader = nodes[id]!;
      const facts = factsOfLayer(reader.layer);
      clues.push(...cluesAt(reader, seen, facts).map((clue) => translate(clue, seen)));
      const behind = reader.inputs.length === 1 ? lookBehind(reader, seen, facts) : undefined;
      if (behind !== undefined) found.push(behind);
    }
  }
  return clues;
}

function cluesAt({ layer, call, inputs }: GraphNode, seen: NodeInput, facts: LayerFacts): readonly Clue[] {
  const stated = layer.calls[call]!.stated?.filter(
    (_, index) => inputs[index]?.node === seen.node && inputs[index].tensor === seen.tensor,
  );
  const shapes = (stated ?? []).flat().map(clueOfShape);
  const own = inputs.length === 1 ? facts.inputClue?.(layer.settings, (name) => storedShape(layer, name)) : undefined;
  if (own === undefined) return shapes;
  return [...shapes, { rank: own.rank, sizes: own.size === undefined ? [] : [[own.size.axis, own.size.size]] }];
}

const clueOfShape = (shape: Shape): Clue => ({
  rank: shape.length,
  sizes: shape.flatMap((size, axis) => (size === null ? [] : [[axis, size] as const])),
});

const storedShape = (layer: Layer, name: string): readonly number[] | undefined =>
  layer.weights.find((weight) => weight.name === name || withoutScope(weight.name) === name)?.tensor.shape;

/** A clue to the tensor asked about, from one to a tensor behind it. */
function translate(clue: Clue, { channels }: Seen): Clue {
  if (channels === undefined) return clue;
  const isThere = (axis: number) =>
    axis === channels.here || (clue.rank !== undefined && axis === (channels.here + clue.rank) % clue.rank);
  const found = clue.sizes.find(([axis]) => isThere(axis));
  return { sizes: found === undefined ? [] : [[channels.asked, found[1]]] };
}

/** Returns the reader's own output, where its shape or its channels are those of the tensor it reads. */
function lookBehind({ id, layer }: GraphNode, { channels }: Seen, facts: LayerFacts): Seen | undefined {
  const output = { node: id, tensor: 0 };
  if (facts.outputShape === sameShape) return { ...output, ...(channels && { channels }) };
  if (facts.spatialRank === undefined || !KEEPS_CHANNELS.includes(facts.role)) return undefined;
  const axis = isChannelsFirst(layer.settings) ? 1 + stepAxes(layer) : -1;
  if (channels !== undefined && channels.here !== axis) return undefined;
  const isFlat = facts.role === 'global-pool' && layer.settings.keepdims !== true;
  return { ...output, channels: { asked: channels?.asked ?? axis, here: isFlat ? -1 : axis } };
}

// Padding and cropping are reshapes that have a spatial rank.
const KEEPS_CHANNELS: readonly LayerFacts['role'][] = ['pool', 'global-pool', 'upsampling', 'reshape'];

/** The shape that all clues have in common; undefined where its dimensions are not known. */
function agree(clues: readonly Clue[]): Shape | 'disagree' | undefined {
  const ranks = new Set(clues.flatMap(({ rank }) => (rank === undefined ? [] : [rank])));
  const [rank] = ranks;
  if (ranks.size > 1) return 'disagree';
  if (rank === undefined) return undefined;
  const shape = Array<number | null>(rank).fill(null);
  for (const [written, size] of clues.flatMap(({ sizes }) => sizes)) {
    const axis = written < 0 ? written + rank : written;
    if (!(axis in shape) || (shape[axis] ?? size) !== size) return 'disagree';
    shape[axis] = size;
  }
  return shape;
}
