import {
  fromPlain,
  getMember,
  isArray,
  isObject,
  type JsonValue,
  mapItems,
  mapMembers,
  numberOf,
  stringOf,
  withMember,
} from '../json/json-value.js';

/** Loss in the compile settings of a model with one output. */
export interface CompiledLoss {
  readonly kind: 'categorical' | 'binary' | undefined;
  readonly fromLogits: boolean | undefined;
  readonly labelSmoothing: number;
  /** Name of a loss other than a cross-entropy. */
  readonly other: string | undefined;
}

const KINDS: Readonly<Record<string, CompiledLoss['kind']>> = {
  categoricalcrossentropy: 'categorical',
  sparsecategoricalcrossentropy: 'categorical',
  binarycrossentropy: 'binary',
};

/** The loss among compile settings, as either Keras and TensorFlow.js write them. */
export function readCompiledLoss(config: JsonValue | undefined): CompiledLoss {
  return readLoss(onlyValue(getMember(config, 'loss')));
}

function readLoss(loss: JsonValue | undefined): CompiledLoss {
  const name = stringOf(loss) ?? stringOf(getMember(loss, 'class_name'));
  const kind = KINDS[(name ?? '').replace(/[^a-z]/gi, '').toLowerCase()];
  if (kind === undefined) return { kind, fromLogits: undefined, labelSmoothing: 0, other: name };
  const settings = getMember(loss, 'config');
  const fromLogits = getMember(settings, 'from_logits');
  return {
    kind,
    fromLogits: fromLogits?.kind === 'literal' ? fromLogits.text === 'true' : undefined,
    labelSmoothing: numberOf(getMember(settings, 'label_smoothing')) ?? 0,
    other: undefined,
  };
}

/** The loss of a model with one output may stand in a list, or by the name of the output. */
function onlyValue(loss: JsonValue | undefined): JsonValue | undefined {
  if (isArray(loss)) return loss.items.length === 1 ? loss.items[0]!.value : undefined;
  if (!isObject(loss) || getMember(loss, 'class_name') !== undefined) return loss;
  return loss.members.length === 1 ? loss.members[0]!.value : undefined;
}

/** Compile settings of a model that gives the probabilities of classes, one of which is true: only its loss may be another one. */
export function withCategoricalLoss(config: JsonValue | undefined): JsonValue | undefined {
  if (!isObject(config)) return config;
  return mapMembers(config, (value, key) => (key === 'loss' ? categorical(value) : value));
}

function categorical(loss: JsonValue): JsonValue {
  if (isArray(loss)) return mapItems(loss, categorical);
  const settings = getMember(loss, 'config');
  if (isObject(loss) && getMember(loss, 'class_name') === undefined) return mapMembers(loss, categorical);
  const { kind, fromLogits } = readLoss(loss);
  // TensorFlow.js writes its own names, and reads both.
  if (kind === 'binary')
    return fromPlain(stringOf(loss)?.includes('C') ? 'categoricalCrossentropy' : 'categorical_crossentropy');
  if (fromLogits !== true || !isObject(loss) || !isObject(settings)) return loss;
  return withMember(loss, 'config', withMember(settings, 'from_logits', fromPlain(false)));
}
