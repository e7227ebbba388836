import { activationName, isNonLinear } from '../layers/activations.js';
import { area, type GraphView, type NodeTensor, type Stride, strideOf } from './graph-view.js';

export type BlockKind = 'residual' | 'inception' | 'dense' | 'bottleneck' | 'conv';

/** A tensor that can take a module, and who is to read the scaled tensor instead: these nodes, or everybody. */
export interface Place extends NodeTensor {
  readonly readers: 'all' | readonly number[];
}

/** A repeated unit of a network, as it was found in one graph. */
export interface FoundBlock {
  readonly kind: BlockKind;
  readonly view: GraphView;
  /** The node that ends it: its Add, its Concatenate, its norm or its non-linearity. */
  readonly end: number;
  /** All nodes of the block, the end included. */
  readonly nodes: ReadonlySet<number>;
  /** Stride that decides the block's stage. */
  readonly stride: Stride;
  /** Just before the Add, or the block's output where there is none. */
  readonly standard: Place;
  /** The block's input, as its main branch reads it. */
  readonly pre: Place | undefined;
  readonly post: Place;
  /** The shortcut's input to the Add. */
  readonly identity: Place | undefined;
  /** The block's convolutions, in forward order. */
  readonly convolutions: readonly number[];
}

/** Nodes on the ways from a tensor back to `stop`, which is left out. */
export function nodesBackTo(view: GraphView, from: number, stop: number): ReadonlySet<number> {
  const found = new Set<number>();
  if (from === stop) return found;
  found.add(from);
  for (const id of found) {
    for (const input of view.nodes[id]!.inputs) if (input.node !== stop) found.add(input.node);
  }
  return found;
}

export const countConvolutions = (view: GraphView, nodes: Iterable<number>): number => {
  let count = 0;
  for (const id of nodes) count += view.convolutions[id]!;
  return count;
};

/** Tells whether the features grow somewhere in a nested model. */
const growsInside = (view: GraphView): boolean => view.nodes.some((node) => isUpsampling(view, node.id));

export function isUpsampling(view: GraphView, id: number): boolean {
  const { layer } = view.nodes[id]!;
  const inner = view.inner.get(layer);
  if (inner !== undefined) return growsInside(inner);
  const facts = view.facts[id]!;
  return facts.role === 'upsampling' || (facts.resolution?.(layer.settings) ?? []).some((factor) => factor < 1);
}

/** The one node that reads a tensor; undefined where there are several or none, or where it is an output. */
export function onlyReader(view: GraphView, { node, tensor }: NodeTensor): number | undefined {
  const { readers, outputs } = view.nodes[node]!;
  const own = readers.filter((reader) => reader.tensor === tensor);
  return own.length === 1 && !outputs.includes(tensor) ? own[0]!.node : undefined;
}

/** Tells whether a node is a non-linearity by itself: an activation layer, or a ReLU and its kin. */
export const isActivation = (view: GraphView, id: number): boolean =>
  view.facts[id]!.role === 'activation' &&
  (!view.facts[id]!.onlyActivates || isNonLinear(view.nodes[id]!.layer.settings));

/** Tells whether a convolution brings its own non-linearity along. */
export const hasActivation = (view: GraphView, id: number): boolean =>
  activationName(view.nodes[id]!.layer.settings) === undefined || isNonLinear(view.nodes[id]!.layer.settings);

/** Returns the end of a convolution's features: behind its non-linearity, or behind its norm where there is none. */
export function behindNonLinearity(
  view: GraphView,
  convolution: number,
): { readonly node: number; readonly isNonLinear: boolean } {
  if (hasActivation(view, convolution)) return { node: convolution, isNonLinear: true };
  let last = convolution;
  for (let at: number | undefined = convolution; at !== undefined; ) {
    const reader: number | undefined = onlyReader(view, { node: at, tensor: 0 });
    if (reader === undefined) {
      const product = findSelfGate(view, at)?.product;
      return product === undefined ? { node: last, isNonLinear: false } : { node: product, isNonLinear: true };
    }
    if (isActivation(view, reader)) return { node: reader, isNonLinear: true };
    const { role } = view.facts[reader]!;
    if (role === 'norm') last = reader;
    else if (role !== 'dropout' && role !== 'pool') break;
    at = reader;
  }
  return { node: last, isNonLinear: false };
}

/** A non-linearity that multiplies a tensor by a function of itself, in layers of their own: swish, mish. */
interface SelfGate {
  readonly product: number;
  /** The nodes of the function. */
  readonly nodes: readonly number[];
}

/** Finds the product of a node's first tensor and a function of it; undefined where anybody else reads the tensor. */
export function findSelfGate(view: GraphView, node: number): SelfGate | undefined {
  const { readers, outputs } = view.nodes[node]!;
  const [first, second, ...more] = new Set(readers.map((reader) => reader.node));
  if (first === undefined || second === undefined || more.length > 0 || outputs.length > 0) return undefined;
  const isProduct = (id: number) => view.facts[id]!.role === 'multiply' && view.nodes[id]!.inputs.length === 2;
  const product = [first, second].find((id) => isProduct(id) && !view.moduleNodes.has(id));
  const nodes: number[] = [];
  for (let at: number | undefined = product === first ? second : first; at !== undefined; ) {
    if (at === product) return nodes.length > 0 ? { product, nodes } : undefined;
    const { inputs, layer } = view.nodes[at]!;
    const isFunction = ['activation', 'add', 'multiply', 'other'].includes(view.facts[at]!.role);
    if (!isFunction || inputs.length !== 1 || layer.weights.length > 0 || layer.graph !== undefined) return undefined;
    nodes.push(at);
    at = onlyReader(view, { node: at, tensor: 0 });
  }
  return undefined;
}

/** The tensor behind a merge: that of the non-linearity which alone reads it, if one does. */
export function behindMerge(view: GraphView, merge: number): Place {
  const reader = onlyReader(view, { node: merge, tensor: 0 });
  const node = reader !== undefined && isActivation(view, reader) ? reader : merge;
  return { node, tensor: 0, readers: 'all' };
}

/** The one tensor that a set of nodes reads from outside, read by them alone; undefined where there are several. */
export function entryOf(view: GraphView, nodes: ReadonlySet<number>): Place | undefined {
  let entry: NodeTensor | undefined;
  const readers = new Set<number>();
  for (const id of nodes) {
    for (const input of view.nodes[id]!.inputs) {
      if (nodes.has(input.node)) continue;
      if (entry !== undefined && (entry.node !== input.node || entry.tensor !== input.tensor)) return undefined;
      entry = { node: input.node, tensor: input.tensor };
      readers.add(id);
    }
  }
  return entry === undefined ? undefined : { ...entry, readers: [...readers] };
}

export const convolutionsOf = (view: GraphView, nodes: Iterable<number>): readonly number[] =>
  [...nodes]
    .filter((id) => view.facts[id]!.role === 'convolution' && view.convolutions[id] === 1)
    .sort((a, b) => a - b);

/** Tells whether an apparent block is the sum or concatenation inside a gate of features that others read as well. */
export const isGateOnly = ({ view, end, nodes }: FoundBlock): boolean =>
  view.gateNodes.has(end) &&
  [...nodes].some((id) => id !== end && view.nodes[id]!.readers.some((reader) => !nodes.has(reader.node)));

export const sameStride = (view: GraphView, left: NodeTensor, right: NodeTensor): boolean =>
  area(strideOf(view, left)) === area(strideOf(view, right));
