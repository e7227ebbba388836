import { concatenated } from '../merges.js';
import { AXES, orNull } from '../size-rules.js';
import { COMMUTING, type OperationFacts, type OperationTable, OTHER } from './operation-facts.js';
import {
  expanded,
  movedAxes,
  padded,
  part,
  reshaped,
  squeezed,
  swappedAxes,
  tiled,
  transposed,
} from './operation-shapes.js';

// Operations that put numbers elsewhere, or pick some of them.

const moving = (outputShape: NonNullable<OperationFacts['outputShape']>): OperationFacts => ({
  role: 'reshape',
  outputShape,
  ...COMMUTING,
});

const reordering = (newOrder: NonNullable<OperationFacts['newOrder']>): OperationFacts => ({
  ...moving((config, [input]) => input && newOrder(config, input.length)?.map((axis) => input[axis] ?? null)),
  newOrder,
});

const LISTED: OperationFacts = { role: 'other', takesList: true };

export const REARRANGEMENTS: OperationTable = {
  'numpy.Reshape': {
    ...moving(reshaped),
    functions: 'reshape',
    settings: { newshape: ['list', 'shape'] },
    lastInNode: 'newshape',
  },
  'numpy.ExpandDims': {
    ...moving(expanded),
    functions: 'expand_dims',
    settings: { axis: 'number' },
    lastInNode: 'axis',
  },
  'numpy.Squeeze': { ...moving(squeezed), functions: 'squeeze compat.v1.squeeze', settings: { axis: 'axes' } },
  'numpy.Transpose': {
    ...moving(transposed),
    functions: 'transpose compat.v1.transpose',
    settings: { axes: ['list', 'perm'] },
    harmless: { conjugate: false },
    lastInNode: 'axes',
  },
  Swapaxes: reordering(swappedAxes),
  Moveaxis: reordering(movedAxes),
  'numpy.Flip': { ...OTHER, functions: 'reverse', settings: { axis: 'coded' } },
  'numpy.Concatenate': {
    role: 'concatenate',
    takesList: true,
    sizes: { axis: orNull(AXES) },
    outputShape: concatenated,
    joinedAxis: ({ axis }) => axis ?? undefined,
    ...COMMUTING,
    functions: 'concat',
    settings: { axis: 'any' },
    node: 'ConcatV2',
    lastInNode: 'axis',
  },
  'numpy.Stack': { ...LISTED, functions: 'stack', settings: { axis: 'any' } },
  Hstack: LISTED,
  Vstack: LISTED,
  Dstack: LISTED,
  'numpy.Split': {
    role: 'other',
    outputShape: part,
    functions: 'split',
    settings: { indices_or_sections: ['coded', 'num_or_size_splits'], axis: 'coded' },
  },
  'numpy.Tile': { ...OTHER, outputShape: tiled, functions: 'tile', settings: { repeats: ['list', 'multiples'] } },
  'numpy.Pad': {
    role: 'other',
    outputShape: padded,
    functions: 'compat.v1.pad pad',
    settings: { pad_width: ['coded', 'paddings'], mode: 'coded', constant_values: 'coded' },
    lastInNode: 'pad_width',
  },
  'numpy.Take': {
    ...OTHER,
    second: { name: 'indices', takes: 'whole numbers' },
    functions: 'gather compat.v1.gather',
    settings: { axis: 'number' },
    harmless: { batch_dims: 0 },
  },
  'numpy.GetItem': {
    ...OTHER,
    second: { name: 'slice_spec', takes: 'index' },
    functions: '__operators__.getitem',
    node: 'StridedSlice',
  },
};
