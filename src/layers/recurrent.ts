import type { Plain, PlainObject } from '../json/json-value.js';
import { numberIn, perAxis } from './config.js';
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
} from './layer-facts.js';
import { wholeNumber } from './size-rules.js';

// Layers that run over the steps of a sequence. Their variables belong to a cell, which has a group of its own in a
// `.weights.h5`; the names are TensorFlow.js'.

const isFalse = (value: Plain) => value === false;
const MASKED = ignoredByTfjs('zero_output_for_mask', isFalse);

const RESET_AFTER: RefusedField = {
  loaders: ['tfjs'],
  field: 'reset_after',
  reason: 'is true: it has the older kind of GRU only',
  stops: (value) => value === true,
};

/** What TensorFlow.js takes where a file does not say it; its `SimpleRNN` has its `tanh` for null too. */
const defaultsOfTfjs = (className: string): Pick<LayerFacts, 'absentInTfjs' | 'nullIsAbsentInTfjs'> => {
  if (className.startsWith('SimpleRNN')) return { nullIsAbsentInTfjs: ['activation'] };
  const gates = { recurrent_activation: 'hard_sigmoid' };
  return { absentInTfjs: className.startsWith('GRU') ? { ...gates, reset_after: false } : gates };
};

/** A mask goes on with the steps it speaks of. */
const sequenceMask = (config: PlainObject): Masking => (config.return_sequences === true ? 'passes' : undefined);

const CELL = `activation recurrent_activation use_bias ${initialized('kernel', 'recurrent', 'bias')} dropout recurrent_dropout`;
const GATED = `units ${CELL} unit_forget_bias reset_after`;
const STEPS = 'return_sequences return_state go_backwards stateful unroll zero_output_for_mask implementation';
const OVER_STEPS = { keras2Fields: { time_major: false }, keras3Fields: { seed: ANY }, runsSteps: true } as const;

const refusedFields = (className: string): readonly RefusedField[] =>
  className.startsWith('GRU') ? [MASKED, RESET_AFTER] : [MASKED];

const cellWeights = (config: PlainObject, kernel: Shape, recurrent: Shape, bias: Shape): readonly WeightFact[] => {
  const facts: readonly WeightFact[] = [
    { name: 'kernel', base: 'kernel', shape: kernel, path: 'cell/vars/0' },
    { name: 'recurrent_kernel', base: 'recurrent', shape: recurrent, path: 'cell/vars/1' },
    { name: 'bias', base: 'bias', shape: bias, path: 'cell/vars/2' },
  ];
  return config.use_bias === false ? facts.slice(0, 2) : facts;
};

const times = (size: number | null, factor: number): number | null => (size === null ? null : size * factor);

/** @param gates how many products of the input the cell makes, side by side in one kernel */
function recurrent(className: string, gates: number): LayerFacts {
  return {
    className,
    role: 'other',
    loads: ALL,
    fields: `${className === 'SimpleRNN' ? `units ${CELL}` : GATED} ${STEPS}`,
    ...OVER_STEPS,
    sizes: { units: wholeNumber(0) },
    refusedFields: refusedFields(className),
    ...defaultsOfTfjs(className),
    masking: sequenceMask,
    outputShape: (config, [input]) => {
      if (input === undefined) return undefined;
      const steps = config.return_sequences === true ? [input[1] ?? null] : [];
      return [input[0] ?? null, ...steps, numberIn(config, 'units') ?? null];
    },
    weights: (config, [input]) => {
      const units = numberIn(config, 'units') ?? null;
      const wide = times(units, gates);
      // The newer GRU adds a bias to each of its two products.
      const bias = config.reset_after === true ? [2, wide] : [wide];
      return cellWeights(config, [input?.at(-1) ?? null, wide], [units, wide], bias);
    },
  };
}

function convolutional(className: string, rank: 1 | 2 | 3): LayerFacts {
  return {
    className,
    role: 'other',
    loads: rank === 2 ? ALL : KERAS,
    fields: `filters kernel_size strides padding data_format dilation_rate unit_forget_bias ${CELL} ${STEPS}`,
    ...OVER_STEPS,
    refusedFields: [MASKED],
    ...defaultsOfTfjs(className),
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
      return cellWeights(config, [...size, channels, wide], [...size, filters, wide], [wide]);
    },
  };
}

/** What RNN holds in its config; not layers of a graph. */
const cell = (className: string): LayerFacts => ({
  className,
  role: 'other',
  loads: ALL,
  fields: `${GATED} implementation`,
  keras3Fields: { seed: ANY },
  runsSteps: true,
  refusedFields: refusedFields(className),
  ...defaultsOfTfjs(className),
});

export const RECURRENT: readonly LayerFacts[] = [
  recurrent('SimpleRNN', 1),
  recurrent('GRU', 3),
  recurrent('LSTM', 4),
  convolutional('ConvLSTM1D', 1),
  convolutional('ConvLSTM2D', 2),
  convolutional('ConvLSTM3D', 3),
  {
    className: 'RNN',
    role: 'other',
    loads: ALL,
    fields: `cell ${STEPS}`,
    keras2Fields: { time_major: false },
    runsSteps: true,
    masking: sequenceMask,
  },
  ...['GRUCell', 'LSTMCell', 'SimpleRNNCell'].map(cell),
  {
    className: 'StackedRNNCells',
    role: 'other',
    loads: ALL,
    fields: 'cells',
    runsSteps: true,
    refusedFields: [MASKED],
  },
];
