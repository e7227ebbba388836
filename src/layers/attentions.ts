import type { Plain, PlainObject } from '../json/json-value.js';
import { numberIn } from './config.js';
import { grouped } from './grouped-weights.js';
import {
  ANY,
  initialized,
  KERAS,
  type LayerFacts,
  passesMask,
  type RefusedField,
  type Shape,
  sameShape,
  type WeightFact,
} from './layer-facts.js';

const PASSES = { role: 'other', masking: passesMask } as const;
const SAID_BY_CALLS = ['return_attention_scores', 'use_causal_mask'] as const;

/** Keras 3 looks for texts of such an entry among its functions first, and has a `dot`. */
const DOT_WITHOUT_MODULE: RefusedField = {
  loaders: ['keras3'],
  field: 'score_mode',
  reason: 'is "dot", which Keras 3 takes for its function in an entry without its module, as all are in .h5 files',
  stops: (value, hasModule) => value === 'dot' && !hasModule,
};

// Whether it looks ahead has been an argument of the call since TensorFlow 2.8.
const attention = (className: string): LayerFacts => ({
  className,
  ...PASSES,
  loads: KERAS,
  fields: 'use_scale score_mode dropout seed',
  keras2Fields: { causal: false },
  refusedFields: [DOT_WITHOUT_MODULE],
  callArguments: { inOrder: [], byName: ['mask', ...SAID_BY_CALLS] },
  outputShape: (_config, [query, value]) =>
    query === undefined || value === undefined ? undefined : [...query.slice(0, -1), value.at(-1) ?? null],
  weights: ({ use_scale: isScaled, score_mode: mode }, [, value]) => [
    ...(isScaled === true
      ? [{ name: 'scale', base: 'scale', shape: className === 'Attention' ? [] : [value?.at(-1) ?? null] }]
      : []),
    ...(mode === 'concat' ? [{ name: 'concat_score_weight', base: 'concat_score_weight', shape: [] }] : []),
  ],
});

/** A product of an attention, a layer of its own. */
function projection(config: PlainObject, name: string, scope: string, kernel: Shape, bias: Shape) {
  const facts: readonly WeightFact[] = [
    { name: 'kernel', base: 'kernel', shape: kernel },
    { name: 'bias', base: 'bias', shape: bias },
  ];
  return grouped(config.use_bias === false ? facts.slice(0, 1) : facts, `_${name}`, { prefix: `${scope}/` });
}

/** Keras 3 shows the products of a MultiHeadAttention under names without the line, and writes those. */
const shown = (facts: readonly WeightFact[]): readonly WeightFact[] =>
  facts.map((fact) => ({ ...fact, keras3Path: fact.path!.slice(1) }));

/** The sizes of what comes out, behind those of the query's places; `output_shape` may be one number. */
function sizesBehind({ output_shape: own }: PlainObject, query: Shape | undefined): Shape {
  if (own === undefined || own === null) return [query?.at(-1) ?? null];
  return ([own].flat() as readonly Plain[]).map((size) => (typeof size === 'number' ? size : null));
}

export const ATTENTIONS: readonly LayerFacts[] = [
  attention('AdditiveAttention'),
  attention('Attention'),
  {
    className: 'MultiHeadAttention',
    ...PASSES,
    loads: KERAS,
    fields: `num_heads key_dim value_dim dropout use_bias output_shape attention_axes ${initialized('kernel', 'bias')}`,
    takesList: false,
    callArguments: { first: 'query', inOrder: ['value', 'key'], byName: ['attention_mask', ...SAID_BY_CALLS] },
    keras2Fields: { query_shape: ANY, key_shape: ANY, value_shape: ANY, softmax_robust_masking: false },
    keras3Fields: { use_gate: false, sliding_window: null, seed: ANY, flash_attention: ANY },
    neededByKeras2: ['query_shape', 'key_shape', 'value_shape'],
    outputShape: (config, [query]) => query && [...query.slice(0, -1), ...sizesBehind(config, query)],
    weights: (config, [query]) => {
      if (config.use_gate === true) return undefined;
      const [heads, keys] = [numberIn(config, 'num_heads') ?? null, numberIn(config, 'key_dim') ?? null];
      const values = numberIn(config, 'value_dim') ?? keys;
      const sizes = sizesBehind(config, query);
      return shown([
        ...projection(config, 'query_dense', 'query', [query?.at(-1) ?? null, heads, keys], [heads, keys]),
        ...projection(config, 'key_dense', 'key', [null, heads, keys], [heads, keys]),
        ...projection(config, 'value_dense', 'value', [null, heads, values], [heads, values]),
        ...projection(config, 'output_dense', 'attention_output', [heads, values, ...sizes], sizes),
      ]);
    },
  },
  // Several heads of the query share one of the key and the value.
  {
    className: 'GroupQueryAttention',
    pythonName: 'GroupedQueryAttention',
    ...PASSES,
    loads: ['keras3'],
    takesList: false,
    outputShape: sameShape,
    weights: (config, [query]) => {
      const [heads, groups, size] = ['num_query_heads', 'num_key_value_heads', 'head_dim'].map(
        (field) => numberIn(config, field) ?? null,
      ) as [number | null, number | null, number | null];
      const channels = query?.at(-1) ?? null;
      return [
        ...projection(config, 'query_dense', 'query', [channels, heads, size], [heads, size]),
        ...projection(config, 'key_dense', 'key', [null, groups, size], [groups, size]),
        ...(config.use_gate === true
          ? projection(config, 'gate_dense', 'gate', [channels, heads, size], [heads, size])
          : []),
        ...projection(config, 'value_dense', 'value', [null, groups, size], [groups, size]),
        ...projection(config, 'output_dense', 'attention_output', [heads, size, channels], [channels]),
      ];
    },
  },
];
