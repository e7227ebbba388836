import { axisOf, elementCount } from '../layers/config.js';
import type { Shape } from '../layers/layer-facts.js';
import { shapeInside } from '../model/facts-of-layer.js';
import type { GraphNode } from '../model/graph-nodes.js';
import { stepAxes } from '../model/model.js';
import { type GraphView, shapeOf } from '../stages/graph-view.js';
import type { TransferRule } from './scale-propagation.js';

/** One factor a channel, along an axis of a tensor: the channel whose factor each place takes, -1 for none. */
export interface ChannelFactors {
  readonly axis: number;
  readonly channels: readonly number[];
}

/** Transfer rule for factors that differ by channel. It stops at more layers than the rule for one common factor. */
export const CHANNELWISE: TransferRule<ChannelFactors> = { back, ahead };

/** Layers that work on each channel by itself, and leave it where it is. */
function keepsChannels(view: GraphView, { id }: GraphNode): boolean {
  const { role, keeps } = view.facts[id]!;
  return keeps === 'channels' || ['activation', 'dropout', 'pool', 'upsampling'].includes(role);
}

const hasChannels = (shape: Shape | undefined, { axis, channels }: ChannelFactors): boolean =>
  shape?.[axis] === channels.length;

function back(view: GraphView, node: GraphNode, factors: ChannelFactors): readonly ChannelFactors[] | undefined {
  const { role } = view.facts[node.id]!;
  const inputs = node.inputs.map((input) => shapeOf(view, input));
  const rank = shapeOf(view, { node: node.id, tensor: 0 })?.length;
  if (inputs.some((shape) => shape === undefined || shape.length !== rank)) return undefined;
  const states =
    role === 'concatenate' ? slices(view, node, inputs as readonly Shape[], factors) : inputs.map(() => factors);
  if (role !== 'concatenate' && role !== 'add' && role !== 'merge' && !keepsChannels(view, node)) return undefined;
  return states?.every((state, index) => hasChannels(inputs[index], state)) ? states : undefined;
}

const joinedAxisOf = (view: GraphView, { id, layer }: GraphNode, rank: number): number | undefined =>
  axisOf(view.facts[id]!.joinedAxis?.(layer.settings), rank);

/** Divides the factors of a Concatenate's output among its inputs. */
function slices(
  view: GraphView,
  node: GraphNode,
  inputs: readonly Shape[],
  factors: ChannelFactors,
): readonly ChannelFactors[] | undefined {
  const { axis, channels } = factors;
  if (joinedAxisOf(view, node, inputs[0]!.length) !== axis) return inputs.map(() => factors);
  const sizes = inputs.map((shape) => shape[axis]);
  if (sizes.some((size) => typeof size !== 'number')) return undefined;
  let start = 0;
  return (sizes as readonly number[]).map((size) => {
    start += size;
    return { axis, channels: channels.slice(start - size, start) };
  });
}

function ahead(view: GraphView, node: GraphNode, input: number, outside: ChannelFactors): ChannelFactors | undefined {
  const steps = stepAxes(node.layer);
  const next = aheadInside(view, node, input, { ...outside, axis: outside.axis - steps });
  return next && { ...next, axis: next.axis + steps };
}

/** The same for a layer that may stand in wrappers, as the layer inside sees it. */
function aheadInside(
  view: GraphView,
  node: GraphNode,
  input: number,
  factors: ChannelFactors,
): ChannelFactors | undefined {
  const before = shapeInside(node.layer, shapeOf(view, node.inputs[input]!));
  const after = shapeInside(node.layer, shapeOf(view, { node: node.id, tensor: 0 }));
  if (factors.axis < 1) return undefined;
  if (before === undefined || after === undefined || !hasChannels(before, factors)) return undefined;
  const { role, keeps } = view.facts[node.id]!;
  if (role === 'concatenate') return joined(view, node, input, factors);
  if (node.inputs.length !== 1) return undefined;
  const next = keepsChannels(view, node)
    ? factors
    : role === 'global-pool'
      ? { ...factors, axis: after.length === before.length ? factors.axis : 1 }
      : role === 'flatten'
        ? flattened(node, before, factors)
        : keeps === 'order'
          ? reshaped(before, after, factors)
          : undefined;
  // An operation may pool or move other axes than those of places.
  if (next === undefined || (node.layer.isOperation && next !== factors)) return undefined;
  return hasChannels(after, next) ? next : undefined;
}

/** The factors among the channels of a Concatenate's other inputs, which take none. */
function joined(
  view: GraphView,
  node: GraphNode,
  input: number,
  { axis, channels }: ChannelFactors,
): ChannelFactors | undefined {
  const { inputs } = node;
  const shapes = inputs.map((tensor) => shapeOf(view, tensor));
  const own = inputs[input]!;
  const readings = inputs.filter(({ node, tensor }) => node === own.node && tensor === own.tensor).length;
  if (readings !== 1 || joinedAxisOf(view, node, shapes[input]!.length) !== axis) return undefined;
  const sizes = shapes.map((shape) => shape?.[axis]);
  if (sizes.some((size) => typeof size !== 'number')) return undefined;
  return {
    axis,
    channels: (sizes as readonly number[]).flatMap((size, index) =>
      index === input ? channels : Array<number>(size).fill(-1),
    ),
  };
}

/** Returns the channel of each number of a flattened map. With `channels_first`, Flatten moves axis 1 last before. */
function flattened(
  { layer }: GraphNode,
  before: Shape,
  { axis, channels }: ChannelFactors,
): ChannelFactors | undefined {
  const total = elementCount(before.slice(1));
  if (total === null) return undefined;
  const axes = before.map((_, index) => index).slice(1);
  const order = layer.settings.data_format === 'channels_first' ? [...axes.slice(1), 1] : axes;
  const stride = elementCount(order.slice(order.indexOf(axis) + 1).map((index) => before[index]!))!;
  return {
    axis: 1,
    channels: Array.from({ length: total }, (_, place) => channels[Math.floor(place / stride) % channels.length]!),
  };
}

/** Channels alone, with places of size 1 around them or none: `[C]`, `[1, 1, C]`. */
function reshaped(before: Shape, after: Shape, { channels }: ChannelFactors): ChannelFactors | undefined {
  const isAlone = (shape: Shape) => elementCount(shape.slice(1)) === channels.length;
  const axis = after.findIndex((size, index) => index > 0 && size === channels.length);
  return isAlone(before) && isAlone(after) && axis > 0 ? { axis, channels } : undefined;
}
