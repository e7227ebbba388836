import { expect, test } from 'vitest';
import { type Graph, type Layer, newLayer } from '../../src/model/model.js';
import { generatedTensor } from '../../src/model/tensor.js';
import { type Fold, listFolds } from '../../src/plan/folds.js';
import { viewGraph } from '../../src/stages/graph-view.js';

const CHANNELS = 6;
const FILTERS = 8;
const GROUPS = 2;
/** Rows, columns, channels of one group, filters of all groups. */
const SHAPE = [1, 2, CHANNELS / GROUPS, FILTERS];
const KERNEL = Float64Array.from({ length: 48 }, (_, element) => 1 + ((element * 7) % 11));

/** An input, and a convolution in groups that reads it. */
function groupedNetwork(): Graph {
  const input: Layer = {
    ...newLayer('InputLayer', 'given', { batch_shape: [null, 1, 2, CHANNELS] }),
    calls: [{ inputs: [] }],
  };
  const settings = { filters: FILTERS, kernel_size: [1, 2], groups: GROUPS, use_bias: false };
  const convolution: Layer = {
    ...newLayer('Conv2D', 'grouped', settings),
    calls: [{ inputs: [{ layer: 'given', call: 0, tensor: 0 }] }],
    weights: [{ name: 'kernel', tensor: generatedTensor(SHAPE, () => Float32Array.from(KERNEL)) }],
  };
  const ends = (layer: string) => [{ layer, call: 0, tensor: 0 }];
  return {
    name: 'net',
    kind: 'functional',
    layers: [input, convolution],
    inputs: ends('given'),
    outputs: ends('grouped'),
    isFrozen: false,
  };
}

/** The one place of the convolution's output, as its definition says: a filter reads the channels of its own group. */
function convolved(features: (column: number, channel: number) => number, kernel: Float64Array): readonly number[] {
  return Array.from({ length: FILTERS }, (_, filter) => {
    const first = filter < FILTERS / GROUPS ? 0 : CHANNELS / GROUPS;
    let sum = 0;
    for (let column = 0; column < 2; column++)
      for (let own = 0; own < CHANNELS / GROUPS; own++)
        sum += features(column, first + own) * kernel[(column * (CHANNELS / GROUPS) + own) * FILTERS + filter]!;
    return sum;
  });
}

/** The weights that take factors on the channels of the convolution's input. */
function foldsOf(channels: readonly number[]): readonly Fold[] | undefined {
  const view = viewGraph(groupedNetwork());
  const node = view.nodes.find(({ layer }) => layer.name === 'grouped')!;
  const scaling = view.facts[node.id]!.scaling?.(node.layer.settings);
  if (scaling?.kind !== 'linear') throw new Error('a convolution is linear');
  return listFolds({ view, node, scaling, state: { axis: 3, channels } }, 'input', 'keras3');
}

test('factors on the input of a convolution in groups go to the channels that each filter reads', () => {
  // They come in another order than the channels, as behind a Concatenate.
  const channels = [4, 0, 5, 2, 1, 3];
  const gates = [0.5, 0.25, 2, 4, 0.125, 8];
  const folds = foldsOf(channels)!;
  expect(folds).toEqual([expect.objectContaining({ graph: [], layer: 'grouped', weight: 'kernel' })]);
  const { stride, channels: taken } = folds[0]!;
  const folded = KERNEL.map((value, element) => value * gates[taken[Math.floor(element / stride) % taken.length]!]!);
  const feature = (column: number, channel: number) => 1 + column * 10 + channel;
  const scaled = (column: number, channel: number) => feature(column, channel) * gates[channels[channel]!]!;
  expect(convolved(feature, folded)).toEqual(convolved(scaled, KERNEL));
  expect(new Set(convolved(scaled, KERNEL)).size).toBe(FILTERS);
});

test('factors on another number of channels than the groups read are taken by none', () => {
  expect(foldsOf([0, 1, 2])).toBeUndefined();
});
