import type { Plain, PlainObject } from '../json/json-value.js';
import { ALL, type LayerFacts, passesMask, type Shape, type WeightFact } from './layer-facts.js';
import { readField } from './read-field.js';

// Layers that hold another layer in their config.

type FindFacts = (className: string, config: PlainObject) => LayerFacts;

interface Wrapped {
  readonly facts: LayerFacts;
  readonly config: PlainObject;
  readonly name: string;
}

function wrappedIn(value: Plain | undefined, factsOf: FindFacts): Wrapped | undefined {
  const field = readField('layer', value);
  const held = field.kind === 'layers' ? field.layers[0] : undefined;
  if (held === undefined || typeof held.config.name !== 'string') return undefined;
  return { facts: factsOf(held.className, held.config), config: held.config, name: held.config.name };
}

const without = (shape: Shape | undefined, axis: number): Shape | undefined =>
  shape?.filter((_, index) => index !== axis);

/** Variables of a wrapped layer, which has a group of its own in a `.weights.h5`. */
const grouped = (facts: readonly WeightFact[], group: string, prefix = ''): readonly WeightFact[] =>
  facts.map((fact, index) => ({
    ...fact,
    name: `${prefix}${fact.name}`,
    ...(fact.keras3Name === undefined ? {} : { keras3Name: `${prefix}${fact.keras3Name}` }),
    path: `${group}/${fact.path ?? `vars/${index}`}`,
  }));

/** Facts of the wrapping layers, which are those of what they wrap. */
export const wrappers = (factsOf: FindFacts): readonly LayerFacts[] => [
  {
    className: 'TimeDistributed',
    role: 'other',
    loads: ALL,
    masking: passesMask,
    onlyTrains: (config) => {
      const inner = wrappedIn(config.layer, factsOf);
      return inner?.facts.onlyTrains?.(inner.config) === true;
    },
    outputShape: (config, [input]) => {
      const inner = wrappedIn(config.layer, factsOf);
      const output = inner?.facts.outputShape?.(inner.config, [without(input, 1)]);
      return input === undefined || output === undefined
        ? undefined
        : [output[0] ?? null, input[1] ?? null, ...output.slice(1)];
    },
    weights: (config, [input]) => {
      const inner = wrappedIn(config.layer, factsOf);
      const own = inner?.facts.weights?.(inner.config, [without(input, 1)]);
      return own && grouped(own, 'layer');
    },
  },
  {
    className: 'Bidirectional',
    role: 'other',
    loads: ALL,
    masking: (config) => {
      const inner = wrappedIn(config.layer, factsOf);
      return inner?.facts.masking?.(inner.config);
    },
    outputShape: (config, inputs) => {
      const inner = wrappedIn(config.layer, factsOf);
      const output = inner?.facts.outputShape?.(inner.config, inputs);
      const mode = config.merge_mode === undefined ? 'concat' : config.merge_mode;
      const last = output?.at(-1);
      if (output === undefined || last === undefined || mode === null) return undefined;
      return mode === 'concat' ? [...output.slice(0, -1), last === null ? null : last * 2] : output;
    },
    weights: (config, inputs) => {
      const forward = wrappedIn(config.layer, factsOf);
      const backward = wrappedIn(config.backward_layer, factsOf) ?? forward;
      const own = [forward, backward].map((inner) => inner?.facts.weights?.(inner.config, inputs));
      if (own[0] === undefined || own[1] === undefined) return undefined;
      return [
        ...grouped(own[0], 'forward_layer', `forward_${forward!.name}/`),
        ...grouped(own[1], 'backward_layer', `backward_${forward!.name}/`),
      ];
    },
  },
  {
    className: 'Pipeline',
    role: 'other',
    loads: ['keras3'],
    trainsUnlessTold: true,
    onlyTrains: ({ layers }) =>
      Array.isArray(layers) &&
      layers.every((held) => {
        const inner = wrappedIn(held, factsOf);
        return inner?.facts.onlyTrains?.(inner.config) === true;
      }),
    outputShape: ({ layers }, [input]) =>
      (Array.isArray(layers) ? layers : [undefined]).reduce<Shape | undefined>((shape, held) => {
        const inner = wrappedIn(held, factsOf);
        return inner?.facts.outputShape?.(inner.config, [shape]);
      }, input),
  },
];
