import { inputError } from '../../errors.js';
import {
  fromPlain,
  getMember,
  type JsonArray,
  type JsonObject,
  type JsonValue,
  type PlainObject,
  toPlain,
  withMember,
  withoutMember,
} from '../../json/json-value.js';
import { factsOf, hasFacts, isInput } from '../../layers/known-layers.js';
import { isOperationClass } from '../../layers/operations/known-operations.js';
import { inputShape } from '../../layers/other-layers.js';
import { TIME_DISTRIBUTED } from '../../layers/wrappers.js';
import { type Dialect, type Layer, stepAxes } from '../../model/model.js';
import { registeredName } from './class-names.js';
import { grammarOf } from './grammar-of.js';
import type { GraphTensors } from './graph-tensors.js';

/** Style of new entries. */
export interface EntryStyle {
  readonly dialect: Dialect;
  /** Whether entries say their module and registered name: in Keras 3 all but legacy `.h5` files do, in Keras 2 files since 2.13. */
  readonly hasModules: boolean;
  /** The version of Keras that saved the file. */
  readonly kerasVersion?: string | undefined;
  /** Whether the model's output is passed on unchanged: in a Sequential model, in a TimeDistributed. */
  readonly feedsLayer?: boolean;
}

/** Members around a config by which Keras finds the class. */
interface ClassNames {
  readonly module?: string | null;
  readonly class_name: string;
  readonly registered_name?: string | null;
}

/** The least entry that the loaders take for a layer that was made here. */
export function newEntry(layer: Layer, style: EntryStyle): JsonObject {
  checkInput(layer);
  // Keras 3 looks for a layer inside another by its module, even where other entries name none.
  const isFull = style.hasModules || (style.dialect === 'keras3' && stepAxes(layer) > 0);
  const names = isFull ? fullNames(layer.className) : { class_name: registeredName(layer.className) };
  return withClass(undefined, names, layer.config);
}

/**
 * Makes the entry of a wrapper.
 * @param config with the layer inside
 * @param isInside whether it stands in another wrapper
 */
export const newWrapperEntry = (
  config: JsonObject,
  { dialect, hasModules }: EntryStyle,
  isInside: boolean,
): JsonObject => {
  const isFull = hasModules || (dialect === 'keras3' && isInside);
  return withClass(undefined, isFull ? fullNames(TIME_DISTRIBUTED) : { class_name: TIME_DISTRIBUTED }, config);
};

/** @throws RetrofitError `no-input-shape` for the input of a Sequential model that knows nothing of it */
export function checkInput({ className, name, settings }: Layer): void {
  if (!isInput(className) || inputShape(settings) !== undefined) return;
  throw inputError('no-input-shape', 'the Sequential model does not say the shape of its input', {
    where: { layer: name, field: 'build_input_shape' },
    hint: 'build the model (model.build, or call it once) and save it again: what is written needs the shape',
  });
}

/** An entry with these names, in the order in which Keras writes them. */
function withClass(before: JsonObject | undefined, names: ClassNames, config: JsonValue): JsonObject {
  const { module, class_name, registered_name } = names;
  const members: readonly (readonly [string, JsonValue | undefined])[] = [
    ['module', module === undefined ? undefined : fromPlain(module)],
    ['class_name', fromPlain(class_name)],
    ['config', config],
    ['registered_name', registered_name === undefined ? undefined : fromPlain(registered_name)],
  ];
  return members.reduce(
    (entry, [key, value]) => (value === undefined ? entry : withMember(entry, key, value)),
    before ?? EMPTY,
  );
}

const EMPTY: JsonObject = { kind: 'object', members: [] };

function fullNames(className: string): ClassNames {
  if (isOperationClass(className)) {
    const end = className.lastIndexOf('.');
    const name = className.slice(end + 1);
    return { module: className.slice(0, end), class_name: name, registered_name: name };
  }
  const { module } = factsOf(className, {});
  if (module !== undefined) return { module, class_name: className, registered_name: className };
  if (hasFacts(className)) return { module: 'keras.layers', class_name: className, registered_name: null };
  const registered = registeredName(className);
  return { module: null, class_name: registered.slice(registered.lastIndexOf('>') + 1), registered_name: registered };
}

/** Classes of a model in a file that names modules. `Model` is under one name in tf-keras and in Keras 2 itself. */
const MODEL_NAMES: Readonly<Record<Dialect, Readonly<Record<'Functional' | 'Sequential', ClassNames>>>> = {
  keras2: {
    Functional: { module: 'keras', class_name: 'Model', registered_name: null },
    Sequential: { module: 'keras', class_name: 'Sequential', registered_name: null },
  },
  keras3: {
    Functional: { module: 'keras.src.models.functional', class_name: 'Functional', registered_name: 'Functional' },
    Sequential: { module: 'keras', class_name: 'Sequential', registered_name: null },
  },
};

/** The entry of a model that was made here, or became functional: that is another class, which its layers build. */
export function newModelEntry(
  before: JsonObject | undefined,
  className: string,
  config: JsonValue,
  { dialect, hasModules }: EntryStyle,
): JsonObject {
  const stale = hasModules ? ['build_config'] : ['build_config', 'module', 'registered_name'];
  const kept = before && stale.reduce(withoutMember, before);
  // A functional model that was read may be called `Model`.
  const names = MODEL_NAMES[dialect][className === 'Sequential' ? 'Sequential' : 'Functional'];
  return withClass(kept, hasModules ? names : { class_name: className }, config);
}

/** Makes `inbound_nodes` of a layer that had none: its calls anew, or unchanged if they are in the dialect already. */
export const newCalls = (layer: Layer, tensors: GraphTensors, { dialect }: EntryStyle): JsonArray => ({
  kind: 'array',
  items: layer.calls.flatMap(({ inputs, read, keywords, arguments: made }) => {
    if (made !== undefined)
      return [{ value: grammarOf(dialect).writeArguments(layer, made, inputs.map(tensors.write)) }];
    if (read !== undefined) return [{ value: tensors.rewriteCall(read.json, read.inputs, inputs) }];
    if (inputs.length === 0) return [];
    const said = keywords === undefined ? {} : (toPlain(keywords) as PlainObject);
    return [{ value: fromPlain(grammarOf(dialect).writeCall(layer, inputs.map(tensors.write), said)) }];
  }),
});

/** Tells whether an entry says its module. */
export const hasModule = (entry: JsonValue | undefined): boolean => getMember(entry, 'module') !== undefined;
