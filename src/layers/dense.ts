import { activationCommutes } from './activations.js';
import { elementCount, numberIn } from './config.js';
import { ALL, initialized, KERAS, type LayerFacts, LORA, passesMask } from './layer-facts.js';
import { wholeNumber } from './size-rules.js';

const dense: LayerFacts = {
  className: 'Dense',
  role: 'dense',
  keepsOnlyOutput: true,
  loads: ALL,
  unitsField: 'units',
  fields: `units activation use_bias ${initialized('kernel', 'bias')}`,
  keras3Fields: LORA,
  sizes: { units: wholeNumber(0) },
  outputShape: (config, [input]) =>
    input === undefined ? undefined : [...input.slice(0, -1), numberIn(config, 'units') ?? null],
  weights: (config, [input]) => {
    const units = numberIn(config, 'units') ?? null;
    const kernel = { name: 'kernel', base: 'kernel', shape: [input?.at(-1) ?? null, units] };
    return config.use_bias === false ? [kernel] : [kernel, { name: 'bias', base: 'bias', shape: [units] }];
  },
  inputClue: (_config, shapeOf) => {
    const size = shapeOf('kernel')?.[0];
    return size === undefined ? undefined : { size: { axis: -1, size } };
  },
  macs: (config, input) =>
    elementCount(input === undefined ? undefined : [...input.slice(1), numberIn(config, 'units') ?? null]),
  scaling: (config) => ({
    kind: 'linear',
    by: 'dense',
    doublesOutput: activationCommutes(config) ? ['kernel', ...(config.use_bias === false ? [] : ['bias'])] : undefined,
    doublesInput: ['kernel'],
  }),
  masking: passesMask,
};

const embedding: LayerFacts = {
  className: 'Embedding',
  role: 'other',
  loads: ALL,
  fields: `input_dim output_dim mask_zero input_length ${initialized('embeddings')}`,
  keras3Fields: LORA,
  saysInput: true,
  indexedBy: 'input_dim',
  sizes: { input_dim: wholeNumber(1), output_dim: wholeNumber(1) },
  outputShape: (config, [input]) =>
    input === undefined ? undefined : [...input, numberIn(config, 'output_dim') ?? null],
  weights: (config) => [
    {
      name: 'embeddings',
      base: 'embeddings',
      shape: [numberIn(config, 'input_dim') ?? null, numberIn(config, 'output_dim') ?? null],
    },
  ],
  masking: (config) => (config.mask_zero === true ? 'makes' : undefined),
};

/** Its equation defines the shapes, and is not parsed here. */
const einsumDense: LayerFacts = {
  className: 'EinsumDense',
  role: 'other',
  loads: KERAS,
  fields: `equation output_shape bias_axes activation ${initialized('kernel', 'bias')}`,
  keras3Fields: { ...LORA, gptq_unpacked_column_size: null },
  weights: (config) => {
    const kernel = { name: 'kernel', base: 'kernel', shape: undefined };
    const hasBias = config.bias_axes !== undefined && config.bias_axes !== null;
    return hasBias ? [kernel, { name: 'bias', base: 'bias', shape: undefined }] : [kernel];
  },
};

export const DENSE: readonly LayerFacts[] = [dense, embedding, einsumDense];
