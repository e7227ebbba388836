import { elementCount } from '../layers/config.js';
import { stepCount } from '../model/facts-of-layer.js';
import type { GraphNode } from '../model/graph-nodes.js';
import { type Graph, listGraphs } from '../model/model.js';
import { tensorSize } from '../model/tensor.js';
import type { GraphView } from '../stages/graph-view.js';
import type { RetrofitOptions } from './options.js';

/** Parameters of one module: two projections, and their biases if asked for. */
export const moduleParams = (channels: number, units: number, bias: boolean): number =>
  2 * channels * units + (bias ? units + channels : 0);

/** Hidden units of a module. */
export const moduleUnits = (channels: number, options: Pick<RetrofitOptions, 'ratio' | 'minUnits'>): number =>
  Math.max(options.minUnits, Math.floor(channels / options.ratio));

/** Multiply-accumulates of one call of a module: its projections, for each gate, and one multiplication a scaled element. */
export const moduleMacs = (
  channels: number,
  units: number,
  elements: number | null,
  gates: number | null,
): number | null => (elements === null || gates === null ? null : gates * 2 * channels * units + elements);

/** Elements of one example's features. */
export const featureElements = (shape: readonly (number | null)[] | undefined): number | null =>
  elementCount(shape?.slice(1));

/** Stored parameters of a model, its statistics included, an optimizer's state not. */
export function countParams(graph: Graph): number {
  let count = 0;
  for (const { graph: inner } of listGraphs(graph)) {
    for (const layer of inner.layers) for (const weight of layer.weights) count += tensorSize(weight.tensor);
  }
  return count;
}

/** Multiply-accumulates of a model's convolutions and dense layers for one example; null where a size is unknown. */
export function countMacs(view: GraphView): number | null {
  let total = 0;
  for (const node of view.nodes) {
    const inner = view.inner.get(node.layer);
    const input = node.inputs[0];
    const macs =
      inner !== undefined
        ? calledMacs(inner, node, view)
        : (view.facts[node.id]!.macs?.(
            node.layer.settings,
            input && view.shapes[input.node]?.[input.tensor],
            view.shapes[node.id]?.[0],
          ) ?? (view.facts[node.id]!.macs === undefined ? 0 : null));
    if (macs === null) return null;
    total += macs;
  }
  return total;
}

/** Counts the MACs of a nested model, once for each step of the wrappers around it. */
function calledMacs(inner: GraphView, { layer, inputs }: GraphNode, { shapes }: GraphView): number | null {
  const [each, steps] = [countMacs(inner), stepCount(layer, inputs[0] && shapes[inputs[0].node]?.[inputs[0].tensor])];
  return each === null || steps === null ? null : each * steps;
}

/** The sum of numbers some of which may be unknown. */
export const sumKnown = (numbers: readonly (number | null)[]): number | null =>
  numbers.reduce<number | null>((sum, number) => (sum === null || number === null ? null : sum + number), 0);

/** Computes the parameters of these modules by the paper's formula: 2 / r * sum of C^2, without floors and biases. */
export const paperParams = (channels: readonly number[], ratio: number): number =>
  Math.round((2 / ratio) * channels.reduce((sum, count) => sum + count * count, 0));
