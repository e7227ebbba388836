import { isPlainObject, type Plain, type PlainObject } from '../json/json-value.js';
import { grouped } from './grouped-weights.js';
import { ALL, type LayerFacts, passesMask, type Shape, sameShape, shapeText, type WeightFact } from './layer-facts.js';
import { snakeCase } from './layer-names.js';
import { readField } from './read-field.js';
import { GIVEN_STATES, MASKED, STEPS, sequenceMask } from './recurrent.js';

// Layers that hold another layer in their config.

/** The class that computes the layer inside for every step of a sequence by itself. */
export const TIME_DISTRIBUTED = 'TimeDistributed';

type FindFacts = (className: string, config: PlainObject) => LayerFacts;

interface Wrapped {
  readonly className: string;
  readonly facts: LayerFacts;
  readonly config: PlainObject;
  readonly name: string;
}

function wrappedIn(value: Plain | undefined, factsOf: FindFacts): Wrapped | undefined {
  const field = readField('layer', value);
  const wrapped = field.kind === 'layers' ? field.layers[0] : undefined;
  if (wrapped === undefined || typeof wrapped.config.name !== 'string') return undefined;
  return {
    className: wrapped.className,
    facts: factsOf(wrapped.className, wrapped.config),
    config: wrapped.config,
    name: wrapped.config.name,
  };
}

/** The layer inside where it is trained as the one around it is: else its weights have another order. */
const trainedAlike = <T extends Pick<Wrapped, 'config'>>(inner: T | undefined, outer: PlainObject): T | undefined =>
  inner?.config.trainable === false && outer.trainable !== false ? undefined : inner;

interface StackedCell extends Wrapped {
  readonly input: Shape | undefined;
  readonly output: Shape | undefined;
}

/** Stacked cells, each with the output of the one before as its input. */
function cellsIn(
  { cells }: PlainObject,
  factsOf: FindFacts,
  [input]: readonly (Shape | undefined)[],
): readonly StackedCell[] | undefined {
  if (!Array.isArray(cells)) return undefined;
  const found: StackedCell[] = [];
  for (const written of cells) {
    const cell = wrappedIn(written, factsOf);
    if (cell === undefined) return undefined;
    const given = found.length === 0 ? input : found.at(-1)!.output;
    found.push({ ...cell, input: given, output: cell.facts.outputShape?.(cell.config, [given]) });
  }
  return found;
}

/** The shape of one step. */
export const stepShape = (shape: Shape | undefined): Shape | undefined => shape?.filter((_, axis) => axis !== 1);

/** Returns the shape of all steps, from that of one and from that of the sequence. */
export const sequenceShape = (step: Shape | undefined, input: Shape | undefined): Shape | undefined =>
  step === undefined || input === undefined
    ? undefined
    : [step[0] ?? input[0] ?? null, input[1] ?? null, ...step.slice(1)];

const wantsSteps: NonNullable<LayerFacts['misfit']> = (_config, [input]) =>
  input !== undefined && input.length < 3 ? `gives it ${shapeText(input)}, in which there are no steps` : undefined;

/** The facts of a layer in a TimeDistributed: its own, for every step. */
export function distributed(facts: LayerFacts): LayerFacts {
  const { outputShape, misfit, weights, inputClue, macs } = facts;
  return {
    ...facts,
    masking: passesMask,
    ...(outputShape !== undefined &&
      outputShape !== sameShape && {
        outputShape: (config, inputs) => sequenceShape(outputShape(config, inputs.map(stepShape)), inputs[0]),
      }),
    misfit: (config, inputs) => wantsSteps(config, inputs) ?? misfit?.(config, inputs.map(stepShape)),
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
    runsSteps: true,
    ...GIVEN_STATES,
    severalOutputsBy: ({ merge_mode: mode, layer }) => {
      if (mode === null) return 'merge_mode';
      return isPlainObject(layer) && isPlainObject(layer.config) && layer.config.return_state === true
        ? 'layer'
        : undefined;
    },
    masksDifferIn: ['tfjs'],
    refusedFields: [
      {
        loaders: ['tfjs'],
        field: 'layer',
        reason: 'is an RNN around a cell, of which it cannot make a second direction',
        stops: (layer) => isPlainObject(layer) && layer.class_name === 'RNN',
      },
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
    misfit: (config, inputs) => {
      const inner = wrappedIn(config.layer, factsOf);
      return inner?.facts.misfit?.(inner.config, inputs);
    },
    outputShape: (config, inputs) => {
      const forward = wrappedIn(config.layer, factsOf);
      const backward = wrappedIn(config.backward_layer, factsOf) ?? forward;
      const [output, other] = [forward, backward].map((inner) => inner?.facts.outputShape?.(inner.config, inputs));
      const mode = config.merge_mode === undefined ? 'concat' : config.merge_mode;
      if (output === undefined || other === undefined) return undefined;
      // Without a mode the first of the outputs is that of the first direction.
      if (mode !== 'concat') return output;
      const [last, more] = [output.at(-1) ?? null, other.at(-1) ?? null];
      return [...output.slice(0, -1), last === null || more === null ? null : last + more];
    },
    weights: (config, inputs) => {
      const forward = wrappedIn(config.layer, factsOf);
      const backward = wrappedIn(config.backward_layer, factsOf) ?? forward;
      const own = [forward, backward].map((inner) => inner?.facts.weights?.(inner.config, inputs));
      if (own[0] === undefined || own[1] === undefined) return undefined;
      // Keras 3 has the directions in the names of the layers inside.
      const named = (facts: readonly WeightFact[], { name }: Wrapped) =>
        facts.map((fact) => ({ ...fact, keras3Name: `${name}/${fact.name.slice(fact.name.indexOf('/') + 1)}` }));
      return [
        ...named(grouped(own[0], 'forward_layer', { prefix: `forward_${forward!.name}/` }), forward!),
        ...named(grouped(own[1], 'backward_layer', { prefix: `backward_${forward!.name}/` }), backward!),
      ];
    },
  },
  {
    className: 'RNN',
    role: 'other',
    loads: ALL,
    fields: `cell ${STEPS}`,
    keras2Fields: { time_major: false },
    runsSteps: true,
    ...GIVEN_STATES,
    masking: sequenceMask,
    outputShape: (config, [input]) => {
      const inner = wrappedIn(config.cell, factsOf);
      const step = inner?.facts.outputShape?.(inner.config, [stepShape(input)]);
      return config.return_sequences === true ? sequenceShape(step, input) : step;
    },
    weights: (config, inputs) => {
      const inner = trainedAlike(wrappedIn(config.cell, factsOf), config);
      const own = inner?.facts.weights?.(inner.config, inputs.map(stepShape));
      return own && grouped(own, 'cell');
    },
  },
  {
    className: 'StackedRNNCells',
    role: 'other',
    loads: ALL,
    // TensorFlow.js makes it, and cannot predict with it: its states are lists in lists.
    differsIn: ['tfjs'],
    fields: 'cells',
    runsSteps: true,
    refusedFields: [MASKED],
    outputShape: (config, inputs) => cellsIn(config, factsOf, inputs)?.at(-1)?.output,
    // The groups of a list are named like those of a model's layers.
    weights: (config, inputs) => {
      const counts = new Map<string, number>();
      const own = cellsIn(config, factsOf, inputs)?.map(({ className, facts, config: inner, input }, index) => {
        const segment = snakeCase(className);
        const count = counts.get(segment) ?? 0;
        counts.set(segment, count + 1);
        const group = `cells/${count === 0 ? segment : `${segment}_${count}`}`;
        const weights = trainedAlike({ config: inner }, config) && facts.weights?.(inner, [input]);
        return weights && grouped(weights, group, { object: `cells/${index}`, prefix: `RNNCell_${index}/` });
      });
      return own?.every((weights) => weights !== undefined) ? own.flat() : undefined;
    },
  },
  {
    className: 'SpectralNormalization',
    role: 'other',
    // Keras 2 has it since 2.13 and loads no file with it, its own neither: it is not among the classes that it knows by name.
    loads: ['keras3'],
    fields: 'layer power_iterations',
    outputShape: (config, inputs) => {
      const inner = wrappedIn(config.layer, factsOf);
      return inner?.facts.outputShape?.(inner.config, inputs);
    },
    // It counts the kernel among its own variables too: so a layer that is frozen gives `vector_u` before the bias.
    weights: (config, inputs) => {
      const inner = trainedAlike(wrappedIn(config.layer, factsOf), config);
      const own = inner?.facts.weights?.(inner.config, inputs);
      const [kernel, ...others] = own ?? [];
      if (kernel === undefined || kernel.path !== undefined || !['kernel', 'embeddings'].includes(kernel.name)) return;
      const vector: WeightFact = {
        name: 'vector_u',
        base: 'vector_u',
        shape: [1, kernel.shape?.at(-1) ?? null],
        path: 'vars/1',
        isStatistic: true,
      };
      const [first, ...rest] = grouped([kernel, ...others], 'layer');
      const whole = { ...first!, alsoAt: 'vars/0' };
      return config.trainable === false ? [whole, vector, ...rest] : [whole, ...rest, vector];
    },
  },
  {
    className: 'Pipeline',
    role: 'other',
    loads: ['keras3'],
    trainsByDefault: true,
    onlyTrains: ({ layers }) =>
      Array.isArray(layers) &&
      layers.every((wrapped) => {
        const inner = wrappedIn(wrapped, factsOf);
        return inner?.facts.onlyTrains?.(inner.config) === true;
      }),
    outputShape: ({ layers }, [input]) =>
      (Array.isArray(layers) ? layers : [undefined]).reduce<Shape | undefined>((shape, wrapped) => {
        const inner = wrappedIn(wrapped, factsOf);
        return inner?.facts.outputShape?.(inner.config, [shape]);
      }, input),
  },
];
