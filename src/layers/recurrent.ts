import type { Plain, PlainObject } from '../json/json-value.js';
import { numberIn, perAxis } from './config.js';
import { grouped } from './grouped-weights.js';
import {
  ALL,
  ANY,
  ignoredByTfjs,
  initialized,
  KERAS,
  type LayerFacts,
  type Masking,
  type RefusedField,
  type Shape,
  type WeightFact,
  wantsRank,
} from './layer-facts.js';
import { wholeNumber } from './size-rules.js';

// Layers that run over the steps of a sequence, and cells. The variables belong to a cell, which has a group of its own in
// a `.weights.h5`; the names are TensorFlow.js'. The layer of any cell stands in wrappers.ts.

const isFalse = (value: Plain) => value === false;
export const MASKED = ignoredByTfjs('zero_output_for_mask', isFalse);

const RESET_AFTER: RefusedField = {
  loaders: ['tfjs'],
  field: 'reset_after',
  reason: 'is true: it has the older kind of GRU only',
  stops: (value) => value === true,
};

/** Defaults for absent fields that differ between loaders; TensorFlow.js' `SimpleRNN` takes `tanh` for null too. */
const defaultsOf = (className: string): Pick<LayerFacts, 'absent' | 'nullIsAbsentInTfjs'> => {
  if (className.startsWith('SimpleRNN')) return { nullIsAbsentInTfjs: ['activation'] };
  const hard = { recurrent_activation: 'hard_sigmoid' };
  if (className.startsWith('ConvLSTM')) return { absent: { tfjs: hard, keras2: hard } };
  const soft = { recurrent_activation: 'sigmoid' };
  return {
    absent: className.startsWith('GRU')
      ? { tfjs: { ...hard, reset_after: false }, keras2: { ...soft, reset_after: true } }
      : { tfjs: hard, keras2: soft },
  };
};

/** A mask goes on with the steps it speaks of. */
export const sequenceMask = (config: PlainObject): Masking => (config.return_sequences === true ? 'passes' : undefined);

const CELL = `activation recurrent_activation use_bias ${initialized('kernel', 'recurrent', 'bias')} dropout recurrent_dropout`;
const GATED = `units ${CELL} unit_forget_bias reset_after`;
export const STEPS = 'return_sequences return_state go_backwards stateful unroll zero_output_for_mask implementation';
export const GIVEN_STATES = {
  callArguments: { inOrder: ['initial_state'], byName: [], listed: 'initial_state' },
} satisfies Partial<LayerFacts>;
const OVER_STEPS = {
  keras2Fields: { time_major: false },
  keras3Fields: { seed: ANY },
  runsSteps: true,
  ...GIVEN_STATES,
} as const;

const refusedFields = (className: string): readonly RefusedField[] =>
  className.startsWith('GRU') ? [MASKED, RESET_AFTER] : [MASKED];

const cellWeights = (
  config: PlainObject,
  kernel: Shape,
  recurrent: Shape,
  bias: Shape | undefined,
): readonly WeightFact[] => {
  const facts: readonly WeightFact[] = [
    { name: 'kernel', base: 'kernel', shape: kernel },
    { name: 'recurrent_kernel', base: 'recurrent', shape: recurrent },
    { name: 'bias', base: 'bias', shape: bias },
  ];
  return config.use_bias === false ? facts.slice(0, 2) : facts;
};

const times = (size: number | null, factor: number): number | null => (size === null ? null : size * factor);

/** @param gates how many products of the input the cell makes, side by side in one kernel */
const denseCellWeights =
  (gates: number) =>
  (config: PlainObject, [input]: readonly (Shape | undefined)[]): readonly WeightFact[] => {
    const units = numberIn(config, 'units') ?? null;
    const wide = times(units, gates);
    // The newer GRU adds a bias to each of its two products. Where nothing is said of it, loaders take different ones.
    const isOpen = gates === 3 && config.reset_after === undefined;
    const bias = config.reset_after === true ? [2, wide] : [wide];
    return cellWeights(config, [input?.at(-1) ?? null, wide], [units, wide], isOpen ? undefined : bias);
  };

function recurrent(className: string, gates: number): LayerFacts {
  return {
    className,
    role: 'other',
    loads: ALL,
    fields: `${className === 'SimpleRNN' ? `units ${CELL}` : GATED} ${STEPS}`,
    ...OVER_STEPS,
    misfit: wantsRank(3),
    sizes: { units: wholeNumber(0) },
    refusedFields: refusedFields(className),
    ...defaultsOf(className),
    masking: sequenceMask,
    outputShape: (config, [input]) => {
      if (input === undefined) return undefined;
      const steps = config.return_sequences === true ? [input[1] ?? null] : [];
      return [input[0] ?? null, ...steps, numberIn(config, 'units') ?? null];
    },
    weights: (config, inputs) => grouped(denseCellWeights(gates)(config, inputs), 'cell'),
  };
}

function convolutional(className: string, rank: 1 | 2 | 3): LayerFacts {
  return {
    className,
    role: 'other',
    loads: rank === 2 ? ALL : KERAS,
    fields: `filters kernel_size strides padding data_format dilation_rate unit_forget_bias ${CELL} ${STEPS}`,
    ...OVER_STEPS,
    misfit: wantsRank(rank + 3),
    refusedFields: [MASKED],
    ...defaultsOf(className),
    masking: sequenceMask,
    outputShape: (config, [input]) => {
      if (input === undefined) return undefined;
      const steps = config.return_sequences === true ? [input[1] ?? null] : [];
      const places = Array<null>(rank).fill(null);
      const filters = numberIn(config, 'filters') ?? null;
      const map = config.data_format === 'channels_first' ? [filters, ...places] : [...places, filters];
      return [input[0] ?? null, ...steps, ...map];
    },
    weights: (config, [input]) => {
      const size = perAxis(config, 'kernel_size', rank) ?? Array<null>(rank).fill(null);
      const filters = numberIn(config, 'filters') ?? null;
      const channels = (config.data_format === 'channels_first' ? input?.[2] : input?.at(-1)) ?? null;
      const wide = times(filters, 4);
      return grouped(cellWeights(config, [...size, channels, wide], [...size, filters, wide], [wide]), 'cell');
    },
  };
}

/** Facts of a cell, which RNN has in its config; cells are no layers of a graph. Their shapes are those of one step. */
const cell = (className: string, gates: number): LayerFacts => ({
  className,
  role: 'other',
  loads: ALL,
  fields: `${GATED} implementation`,
  keras3Fields: { seed: ANY },
  runsSteps: true,
  refusedFields: refusedFields(className),
  outputShape: (config, [input]) => [input?.[0] ?? null, numberIn(config, 'units') ?? null],
  weights: denseCellWeights(gates),
  ...defaultsOf(className),
});

export const RECURRENT: readonly LayerFacts[] = [
  recurrent('SimpleRNN', 1),
  recurrent('GRU', 3),
  recurrent('LSTM', 4),
  convolutional('ConvLSTM1D', 1),
  convolutional('ConvLSTM2D', 2),
  convolutional('ConvLSTM3D', 3),
  cell('SimpleRNNCell', 1),
  cell('GRUCell', 3),
  cell('LSTMCell', 4),
];
