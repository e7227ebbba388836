import { isPlainObject, type Plain, type PlainObject } from '../json/json-value.js';
import { ALL, type LayerFacts, passesMask, type Shape, sameShape, type WeightFact } from './layer-facts.js';
import { readField } from './read-field.js';

// Layers that hold another layer in their config.

/** The class that computes the layer inside for every step of a sequence by itself. */
export const TIME_DISTRIBUTED = 'TimeDistributed';

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

/** Variables of a wrapped layer, which has a group of its own in a `.weights.h5`. */
const grouped = (facts: readonly WeightFact[], group: string, prefix = ''): readonly WeightFact[] =>
  facts.map((fact, index) => ({
    ...fact,
    name: `${prefix}${fact.name}`,
    ...(fact.keras3Name === undefined ? {} : { keras3Name: `${prefix}${fact.keras3Name}` }),
    path: `${group}/${fact.path ?? `vars/${index}`}`,
  }));

/** The shape of one step. */
export const stepShape = (shape: Shape | undefined): Shape | undefined => shape?.filter((_, axis) => axis !== 1);

/** The shape of all steps, from that of one and from what the steps were taken of. */
export const sequenceShape = (step: Shape | undefined, input: Shape | undefined): Shape | undefined =>
  step === undefined || input === undefined
    ? undefined
    : [step[0] ?? input[0] ?? null, input[1] ?? null, ...step.slice(1)];

/** The facts of a layer in a TimeDistributed: its own, for every step. */
export function distributed(facts: LayerFacts): LayerFacts {
  const { outputShape, weights, inputClue, macs } = facts;
  return {
    ...facts,
    masking: passesMask,
    ...(outputShape !== undefined &&
      outputShape !== sameShape && {
        outputShape: (config, inputs) => sequenceShape(outputShape(config, inputs.map(stepShape)), inputs[0]),
      }),
    ...(weights !== undefined && {
      weights: (config, inputs) => {
        const own = weights(config, inputs.map(stepShape));
        return own && grouped(own, 'layer');
      },
    }),
    ...(inputClue !== undefined && {
      inputClue: (config, shapeOf) => {
        const clue = inputClue(config, shapeOf);
        if (clue === undefined) return undefined;
        const { rank, size } = clue;
        return {
          ...(rank !== undefined && { rank: rank + 1 }),
          ...(size !== undefined && { size: { ...size, axis: size.axis < 0 ? size.axis : size.axis + 1 } }),
        };
      },
    }),
    ...(macs !== undefined && {
      macs: (config, input, output) => {
        const [each, steps] = [macs(config, stepShape(input), stepShape(output)), input?.[1] ?? null];
        return each === null || steps === null ? null : each * steps;
      },
    }),
  };
}

const unitsOf = (layer: Plain | undefined): Plain | undefined =>
  isPlainObject(layer) && isPlainObject(layer.config) ? layer.config.units : undefined;

/** Facts of the wrapping layers. A TimeDistributed around a layer that can be read is no layer here: see `distributed`. */
export const wrappers = (factsOf: FindFacts): readonly LayerFacts[] => [
  { className: TIME_DISTRIBUTED, role: 'other', loads: ALL, fields: 'layer', masking: passesMask },
  {
    className: 'Bidirectional',
    role: 'other',
    loads: ALL,
    fields: 'layer merge_mode backward_layer',
    masksDifferIn: ['tfjs'],
    refusedFields: [
      {
        loaders: ['keras3'],
        field: 'backward_layer',
        reason: 'gives another number of channels than the first direction, and Keras 3 takes them for as many',
        stops: (backward, _hasModule, { layer }) => isPlainObject(backward) && unitsOf(backward) !== unitsOf(layer),
      },
    ],
    masking: (config) => {
      const inner = wrappedIn(config.layer, factsOf);
      return inner?.facts.masking?.(inner.config);
    },
    outputShape: (config, inputs) => {
      const forward = wrappedIn(config.layer, factsOf);
      const backward = wrappedIn(config.backward_layer, factsOf) ?? forward;
      const [output, other] = [forward, backward].map((inner) => inner?.facts.outputShape?.(inner.config, inputs));
      const mode = config.merge_mode === undefined ? 'concat' : config.merge_mode;
      if (output === undefined || other === undefined || mode === null) return undefined;
      if (mode !== 'concat') return output;
      const [last, more] = [output.at(-1) ?? null, other.at(-1) ?? null];
      return [...output.slice(0, -1), last === null || more === null ? null : last + more];
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
