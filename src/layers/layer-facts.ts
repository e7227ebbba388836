import type { JsonValue, Plain, PlainObject } from '../json/json-value.js';
import type { SizeRules } from './size-rules.js';

/** A static shape, batch first; null where a dimension is only known when the model runs. */
export type Shape = readonly (number | null)[];

export type Loader = 'tfjs' | 'keras2' | 'keras3';

/** The part a layer plays in a network. Facts common to the layers of one part stand in their records. */
export type LayerRole =
  | 'input'
  | 'convolution'
  | 'dense'
  | 'norm'
  | 'activation'
  | 'pool'
  | 'global-pool'
  | 'upsampling'
  | 'add'
  | 'concatenate'
  | 'multiply'
  | 'merge'
  | 'dropout'
  | 'reshape'
  | 'flatten'
  | 'other';

/** Tells whether layers of this part are called with several tensors, and never with one. */
export const isMerge = (role: LayerRole): boolean => ['add', 'concatenate', 'multiply', 'merge'].includes(role);

/** Tells whether a layer that nothing trains gives the same for the same, without states, masks or chance. */
export const isDeterministic = ({ role, rescales }: LayerFacts): boolean =>
  rescales === true || !['input', 'dropout', 'other'].includes(role);

/** A variable of a layer. `shape` is derived from the config: null for a dimension it leaves open. */
export interface WeightFact {
  /** Its name in TensorFlow.js and Keras 2. */
  readonly name: string;
  /** Its name in Keras 3, where that differs. */
  readonly keras3Name?: string;
  readonly shape: Shape | undefined;
  /** `<base>_regularizer` and `<base>_constraint` in the config speak of this variable. */
  readonly base: string;
  /** Where it stands in a `.weights.h5`, relative to the layer; `vars/<index>` by default. */
  readonly path?: string;
  /** Where Keras 3 writes it, where that is another place; Keras 3 reads both. */
  readonly keras3Path?: string;
  /** Where it stands once more: the layer holds a variable of the layer inside as its own too. */
  readonly alsoAt?: string;
  /** The object that holds it, by its path from the layer; the layer itself by default. */
  readonly owner?: string;
  /** It counts something, and is stored as an integer. */
  readonly isWhole?: true;
  /** Training gives it no gradient: Keras counts it among the variables that are not trained. */
  readonly isStatistic?: true;
}

/** Facts about the one tensor a layer reads that follow from the layer's class and weights. */
export interface InputClue {
  /** Dimensions, the batch included. */
  readonly rank?: number;
  /** One size, and its axis: counted from the end where it is negative. */
  readonly size?: { readonly axis: number; readonly size: number };
}

/**
 * Effect of a positive factor on a layer's input upon its output.
 * - `commutes`: the output takes the same factor, for every input that takes it
 * - `linear`: the layer ends in or begins with a product with its own weights, so that a factor can move into them
 */
export type Scaling =
  | { readonly kind: 'commutes' }
  | {
      readonly kind: 'linear';
      readonly by: 'norm' | 'conv' | 'dense';
      /** Variables (by base name) whose doubling doubles the output; undefined where none does. */
      readonly doublesOutput: readonly string[] | undefined;
      /** Variables whose doubling makes up for half the input; undefined where none does. */
      readonly doublesInput: readonly string[] | undefined;
    };

/** A field of a config that stands in a loader's way, and why. */
export interface FieldProblem {
  readonly field: string;
  readonly reason: string;
}

/** A field of a config that stops a loader which has the class. */
export interface RefusedField extends FieldProblem {
  readonly loaders: readonly Loader[];
  /**
   * Whether this value of the field is one that stops it.
   * @param hasModule whether the layer's entry names its Python module, as Keras has written since 2.13
   */
  readonly stops: (value: Plain | undefined, hasModule: boolean, config: PlainObject) => boolean;
  /** The loader takes the value and computes something else: it does not stop, and no translation may write it. */
  readonly isSilent?: boolean;
  /** The verdict is stopped by no error: the loader takes the value and makes another layer, so that no file may say it. */
  readonly isMisread?: true;
  /** Value that means the same to these loaders and does not stop them, where there is one. */
  readonly instead?: (value: JsonValue) => JsonValue | undefined;
}

/** Whether the layer makes a mask of the steps that count, or passes on the one it is given; undefined: neither. */
export type Masking = 'makes' | 'passes' | undefined;

/** Marks fields that do not influence the computation, whatever their value. */
export const ANY: unique symbol = Symbol('any value');

/** Fields of one Keras alone, each with the value that stands for the other one's behaviour. */
export type OwnFields = Readonly<Record<string, Plain | typeof ANY>>;

/** How a loader has to be told of a layer that it lacks, or builds otherwise than others do. */
export interface Wording {
  /** The class that does the same there; its own by default. */
  readonly className?: string;
  /** Fields that hold there what other fields hold here, by those. */
  readonly renamed?: Readonly<Record<string, string>>;
  /** Fields with their values; undefined takes a field away. */
  readonly fields: Readonly<Record<string, Plain | undefined>>;
}

/** Why no wording makes TensorFlow.js build a layer, and what to do. */
export interface TfjsRefusal extends FieldProblem {
  readonly hint: string;
}

/** A field that one loader calls otherwise than the others. */
export type FieldNames = Readonly<Record<Loader, string>>;

/** All facts of one Keras layer class. They are functions of the layer's config. */
export interface LayerFacts {
  readonly className: string;
  /** The name of the class in Python, where that is another: legacy files call it so. */
  readonly pythonName?: string;
  readonly role: LayerRole;
  /** Loaders that have the class under this name. */
  readonly loads: readonly Loader[];
  /** Fields of its config that both Kerases know, besides those of every layer: see `fieldStanding`. */
  readonly fields?: string;
  readonly keras2Fields?: OwnFields;
  readonly keras3Fields?: OwnFields;
  readonly renamedField?: FieldNames;
  /** Fields without which Keras 2 does not make the layer: null says nothing. */
  readonly neededByKeras2?: readonly string[];
  /** Values that these loaders take for absent fields, where others take something else, or require them. */
  readonly absent?: Readonly<Partial<Record<'tfjs' | 'keras2', PlainObject>>>;
  /** Fields whose null TensorFlow.js treats as absent, and Keras as none. */
  readonly nullIsAbsentInTfjs?: readonly string[];
  /** Fields that TensorFlow.js takes for other values than the written ones, with these. */
  readonly readByTfjs?: (config: PlainObject) => PlainObject;
  /** Returns how TensorFlow.js has to be told of it, for calls on these shapes; undefined: as it stands. */
  readonly writtenForTfjs?: (
    config: PlainObject,
    calls: readonly (Shape | undefined)[],
  ) => Wording | TfjsRefusal | undefined;
  /** Returns the layer of another class that stands in for it in a loader; undefined: it goes by its own. */
  readonly standIn?: (config: PlainObject, loader: Loader) => Wording | undefined;
  /** Loaders that do not make the layer with the dtype that others write. */
  readonly dtypeRefusedBy?: readonly Loader[];
  /** Its config states a size in fields by which other layers make an input. */
  readonly saysInput?: true;
  /** Rules for the fields that hold a size. */
  readonly sizes?: SizeRules;
  readonly refusedFields?: readonly RefusedField[];
  /** Loaders that have another layer under this name, one that computes something else: no translation may write it. */
  readonly differsIn?: readonly Loader[];
  /** Half a sentence on what it does in each, where nobody would think it, for those whose model is refused. */
  readonly differsBy?: string;
  /** Spatial dimensions of the features the class is made for. */
  readonly spatialRank?: 1 | 2 | 3;
  /** For convolutions: whether each channel is filtered by itself, mixed, or both in turn. */
  readonly convolution?: 'standard' | 'depthwise' | 'separable' | 'transposed';
  /** Field that says how many channels it gives, or how many numbers. */
  readonly unitsField?: 'units' | 'filters';
  /** For pools: whether it gives the mean of a window, rather than its largest number. */
  readonly averages?: boolean;
  /** For layers that move numbers: whether these stay in their order, or in their channels. */
  readonly keeps?: 'order' | 'channels' | 'neither';
  /** It takes indices: the field that says how many there are. */
  readonly indexedBy?: string;
  /** It turns numbers into those of another range, by fixed factors and offsets: pixels into a network's inputs. */
  readonly rescales?: true;
  /** It normalises by the batch in training, and otherwise by the moving averages of its statistics. */
  readonly usesBatchStatistics?: true;
  /** TensorFlow.js keeps nothing but its output for its gradient. */
  readonly keepsOnlyOutput?: boolean;
  /** Axis along which it joins its inputs; undefined where nothing says it. */
  readonly joinedAxis?: (config: PlainObject) => Plain | undefined;
  /** Whether it is called with one list of tensors, rather than with separate arguments. Absent: if several. */
  readonly takesList?: boolean;
  /** Arguments of a call besides its first one, under the same names in both Kerases. */
  readonly callArguments?: {
    /** Arguments that may stand behind the first one without their names, in order. */
    readonly inOrder: readonly string[];
    readonly byName: readonly string[];
    /** Name of the first argument, where it may be passed by name too. */
    readonly first?: string;
    /** The argument whose tensors follow the first one in one list, where the call is not in the form of Keras 3. */
    readonly listed?: string;
  };
  /** Its function runs once a step: nothing can follow it inside the layer, and a mask says which steps count. */
  readonly runsSteps?: true;
  /** The module of Keras that has it, where that is not `keras.layers`. */
  readonly module?: string;
  /** The name under which tf-keras registers it, as if it were custom. */
  readonly registeredName?: string;
  /** Why loading it is not safe: the code that its config makes a loader run. */
  readonly runsCode?: string;
  /** Returns the field for which Keras makes it only where it is told to trust the file: `load_model(..., safe_mode=False)`. */
  readonly wantsTrust?: (config: PlainObject) => FieldProblem | undefined;
  /** Keras reads the file that its `vocabulary` names. */
  readonly readsFile?: true;
  /** Keras 3 calls it as in training where a call says nothing, and writes that into the file: `call(data, training=True)`. */
  readonly trainsByDefault?: true;
  /** Whether it returns its input, if perhaps in its own precision, whenever the model is not being trained. */
  readonly onlyTrains?: (config: PlainObject) => boolean;
  /** It computes the function that its `activation` names, and nothing else. */
  readonly onlyActivates?: true;
  /** For activations whose function no field names: its name under a config, if it has one. */
  readonly functionName?: (config: PlainObject) => string | undefined;
  /** Softmax and sigmoid under any config: they follow the layer that makes the logits. */
  readonly makesProbabilities?: true;
  /** For activations: ReLU and its kin, near zero below and open above. */
  readonly isRectifier?: (config: PlainObject) => boolean;
  /** The factor on the distance between neighbouring outputs, one an axis: 2 for a stride of 2, 1/2 for upsampling. */
  readonly resolution?: (config: PlainObject) => readonly number[];
  /** The field by which it gives several tensors, besides `return_state`; undefined where it gives one. */
  readonly severalOutputsBy?: (config: PlainObject) => string | undefined;
  /** The output's shape; undefined where it cannot be known. Inputs may be unknown too. */
  readonly outputShape?: (config: PlainObject, inputs: readonly (Shape | undefined)[]) => Shape | undefined;
  /** Why no loader builds it on inputs of these shapes; undefined where they fit, as far as they are known. */
  readonly misfit?: (config: PlainObject, inputs: readonly (Shape | undefined)[]) => string | undefined;
  /** The most axes of an input that a loader computes, the batch among them, and whether it builds the layer on more. */
  readonly mostAxes?: { readonly loader: Loader; readonly count: number; readonly isBuilt?: true };
  /** Absent, or undefined: they are not known. */
  readonly weights?: (config: PlainObject, inputs: readonly (Shape | undefined)[]) => readonly WeightFact[] | undefined;
  /** `shapeOf` gives the stored shape of a variable. Absent: it tells nothing. */
  readonly inputClue?: (
    config: PlainObject,
    shapeOf: (weight: string) => readonly number[] | undefined,
  ) => InputClue | undefined;
  /**
   * Returns the weight of which it computes with a copy. Keras 3 makes copies anew after it has read a legacy `.h5` for the
   * layers of the outermost model alone. Source: `_set_weights` in keras 3.15 (src/legacy/saving/legacy_h5_format.py).
   */
  readonly copiesWeights?: (config: PlainObject) => FieldProblem | undefined;
  /** Multiply-accumulates of one call for one example; null where the size is unknown. */
  readonly macs?: (config: PlainObject, input: Shape | undefined, output: Shape | undefined) => number | null;
  /** Absent: nothing is known, and a factor must not cross the layer. */
  readonly scaling?: (config: PlainObject) => Scaling | undefined;
  /** How TensorFlow.js treats masks at the layer (`supportsMasking`, `computeMask`). Absent: it drops them. */
  readonly masking?: (config: PlainObject) => Masking;
  /** For layers that make a mask: it leaves out the steps all of whose numbers are this one, others leave out each 0. */
  readonly maskedValue?: (config: PlainObject) => Plain;
  /** Its call takes a mask, besides those that run steps: alike in all loaders, wherever it stands, or not. */
  readonly takesMask?: 'alike' | 'otherwise';
  /** Loaders that treat a mask otherwise than the others do. */
  readonly masksDifferIn?: readonly Loader[];
  /** Joins the masks of its inputs: where some have none, each loader makes something else. */
  readonly joinsMasks?: true;
}

/** TensorFlow.js knows the words for the border in small letters alone. */
export const PADDING_IN_CAPITALS: RefusedField = {
  loaders: ['tfjs'],
  field: 'padding',
  reason: 'is in capitals',
  stops: (value) => typeof value === 'string' && value !== value.toLowerCase(),
  instead: (value) => (value.kind === 'string' ? { kind: 'string', text: value.text.toLowerCase() } : value),
};

export const ALL: readonly Loader[] = ['tfjs', 'keras2', 'keras3'];
export const KERAS: readonly Loader[] = ['keras2', 'keras3'];

/** The fields that speak of variables, by their base names. */
export const initialized = (...bases: readonly string[]): string =>
  bases.flatMap((base) => [`${base}_initializer`, `${base}_regularizer`, `${base}_constraint`]).join(' ');

/** Fields of Keras 3: LoRA keeps variables of its own beside the kernel. */
export const LORA: OwnFields = {
  lora_rank: null,
  lora_alpha: null,
  quantization_config: null,
  quantization_mode: null,
};

export const COMMUTES: Scaling = { kind: 'commutes' };
export const commutes = (): Scaling => COMMUTES;

export const always = (): boolean => true;

export const passesMask = (): Masking => 'passes';

/** Refuses a field that TensorFlow.js ignores: only these values give the same result. */
export const ignoredByTfjs = (field: string, isHarmless: (value: Plain) => boolean): RefusedField => ({
  loaders: ['tfjs'],
  field,
  reason: 'says something that TensorFlow.js ignores',
  stops: (value) => value !== undefined && value !== null && !isHarmless(value),
  isSilent: true,
});

/**
 * Of an entry without its module, as all are in `.h5` files, Keras 3 takes the axis off and gives back one number alone: the
 * layer gets its default.
 * Source: `model_from_config` in keras 3.15 (src/legacy/saving/saving_utils.py).
 */
export const AXES_WITHOUT_MODULE: RefusedField = {
  loaders: ['keras3'],
  field: 'axis',
  reason: 'is a list, which Keras 3 drops from an entry without its module, as all are in .h5 files',
  stops: (value, hasModule) => !hasModule && Array.isArray(value) && value.length !== 1,
  isMisread: true,
};

/** Ways to resize images that only Keras 2 has. */
export const INTERPOLATION: RefusedField = {
  loaders: ['keras3'],
  field: 'interpolation',
  reason: 'is one that it does not have',
  stops: (value) => value === 'gaussian' || value === 'mitchellcubic',
};

/** A number, or a list of numbers, that are all 1. */
export const isAllOnes = (value: Plain): boolean => [value].flat().every((part) => part === 1);

/** The shape of the first input: for layers that change numbers, not sizes. */
export const sameShape = (_config: PlainObject, inputs: readonly (Shape | undefined)[]) => inputs[0];

/** A shape for people: `[?, 8, 3]`. */
export const shapeText = (shape: Shape): string => `[${shape.map((size) => size ?? '?').join(', ')}]`;

/** For layers whose first input has so many dimensions and no others. */
export const wantsRank =
  (rank: number): NonNullable<LayerFacts['misfit']> =>
  (_config, [input]) =>
    input === undefined || input.length === rank
      ? undefined
      : `gives it ${shapeText(input)}, and it wants ${rank} dimensions`;
