import { axisOf, channelsAxis, numberIn } from '../layers/config.js';
import type { Loader } from '../layers/layer-facts.js';
import { stepAxes } from '../model/model.js';
import { shapeOf } from '../stages/graph-view.js';
import type { ChannelFactors } from './channel-transfer.js';
import { listWeightsAt, type ScaleSink } from './scale-propagation.js';

/** A weight that takes factors: its value `e`, in row-major order, that of the channel `channels[floor(e / stride) % length]`. */
export interface Fold {
  readonly graph: readonly string[];
  readonly layer: string;
  readonly weight: string;
  readonly stride: number;
  /** -1: no factor. */
  readonly channels: readonly number[];
}

/**
 * Lists the weights of a layer that take factors on the channels of its output or its input; undefined where they
 * cannot.
 */
export function listFolds(
  sink: ScaleSink<ChannelFactors>,
  side: 'output' | 'input',
  loader: Loader,
): readonly Fold[] | undefined {
  const { view, node, scaling } = sink;
  const names = listWeightsAt(sink, side === 'output' ? scaling.doublesOutput : scaling.doublesInput);
  if (names === undefined || axisAt(sink, side, loader) !== sink.state.axis) return undefined;
  const folds: Fold[] = [];
  for (const name of names) {
    const shape = node.layer.weights.find((weight) => weight.name === name)?.tensor.shape;
    const spread = shape && (side === 'output' ? spreadOut(sink, shape) : spreadIn(sink, shape));
    if (spread === undefined) return undefined;
    folds.push({ graph: view.path, layer: node.layer.name, weight: name, ...spread });
  }
  return folds;
}

/** The axis on which a layer has its channels. */
function axisAt(
  { view, node, scaling }: ScaleSink<ChannelFactors>,
  side: 'output' | 'input',
  loader: Loader,
): number | undefined {
  const { settings } = node.layer;
  const rank = shapeOf(view, side === 'output' ? { node: node.id, tensor: 0 } : node.inputs[0]!)?.length;
  if (rank === undefined) return undefined;
  const steps = stepAxes(node.layer);
  const outside = (axis: number) => (axis === 0 ? 0 : axis + steps);
  if (scaling.by === 'norm') {
    const axis = axisOf(settings.axis ?? -1, rank - steps);
    // TensorFlow.js lets a norm's numbers go round along the last axis, whatever axis is theirs.
    return axis === undefined || (loader === 'tfjs' && axis !== rank - steps - 1) ? undefined : outside(axis);
  }
  return scaling.by === 'dense' ? rank - 1 : outside(channelsAxis(settings, rank - steps));
}

type Spread = Pick<Fold, 'stride' | 'channels'>;

/** Kernels have their outputs last; a transposed one before its inputs, a depthwise one as multiples of each input. */
function spreadOut(
  { view, node, state: { channels } }: ScaleSink<ChannelFactors>,
  shape: readonly number[],
): Spread | undefined {
  const { convolution } = view.facts[node.id]!;
  const [last, beforeLast] = [shape.at(-1)!, shape.at(-2) ?? 1];
  const isKernel = shape.length > 1;
  if (isKernel && convolution === 'transposed') return fitting({ stride: last, channels }, beforeLast);
  return fitting({ stride: 1, channels }, isKernel && convolution === 'depthwise' ? beforeLast * last : last);
}

/** Kernels have their inputs before the outputs; each group of a grouped one has only its own. */
function spreadIn(
  { view, node, state: { channels } }: ScaleSink<ChannelFactors>,
  shape: readonly number[],
): Spread | undefined {
  const [last, beforeLast] = [shape.at(-1)!, shape.at(-2)!];
  if (view.facts[node.id]!.convolution === 'transposed') return fitting({ stride: 1, channels }, last);
  const groups = numberIn(node.layer.settings, 'groups') ?? 1;
  if (groups === 1) return fitting({ stride: last, channels }, beforeLast);
  if (channels.length !== groups * beforeLast || last % groups !== 0) return undefined;
  const ofGroup = last / groups;
  return {
    stride: 1,
    channels: Array.from({ length: beforeLast * last }, (_, place) => {
      const group = Math.floor((place % last) / ofGroup);
      return channels[group * beforeLast + Math.floor(place / last)]!;
    }),
  };
}

const fitting = (spread: Spread, size: number): Spread | undefined =>
  spread.channels.length === size ? spread : undefined;
