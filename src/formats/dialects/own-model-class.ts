import { getMember, isArray, isObject, type JsonObject, type JsonValue, stringOf } from '../../json/json-value.js';
import type { Warning } from '../../model/model.js';
import { MODEL_CLASSES } from './class-names.js';
import { findDialect } from './find-dialect.js';
import { functionalClass } from './lower-graph.js';
import { hasModule, newModelEntry } from './new-entries.js';

/** The model of a file, and what is to be said of its class. */
export interface PlainModel {
  readonly root: JsonValue;
  readonly warnings: readonly Warning[];
}

/**
 * The model as one of Keras' own class, where somebody's class inherits from that and the file holds the graph all the same:
 * `class Net(keras.Model)` that is made from inputs and outputs, often for a `train_step` of its own.
 * Source: `Functional.get_config` in tf_keras/src/engine/functional.py, which such a class inherits.
 */
export function asPlainModel(root: JsonValue, kerasVersion: string | undefined): PlainModel {
  const written = stringOf(getMember(root, 'class_name'));
  const config = getMember(root, 'config');
  const kind = written === undefined || MODEL_CLASSES.includes(written) ? undefined : kindOf(config);
  if (kind === undefined || !isObject(root)) return { root, warnings: [] };
  const dialect = findDialect(root);
  const className = kind === 'functional' && dialect === 'keras2' ? functionalClass(kerasVersion) : CLASSES[kind];
  return {
    root: newModelEntry(root, className, config!, { dialect, hasModules: hasModule(root) }),
    warnings: [
      {
        code: 'own-model-class',
        message: `the model is of the class "${written}", whose graph is read and written as a plain ${kind} model: what the class does otherwise in "call" or in training is no part of the file`,
        where: null,
      },
    ],
  };
}

const CLASSES = { functional: 'Functional', sequential: 'Sequential' } as const;

const SEQUENTIAL_FIELDS: readonly string[] = ['name', 'trainable', 'dtype', 'layers', 'build_input_shape'];

function kindOf(config: JsonValue | undefined): 'functional' | 'sequential' | undefined {
  const layers = getMember(config, 'layers');
  if (!isObject(config) || !isArray(layers)) return undefined;
  if (['input_layers', 'output_layers'].every((key) => getMember(config, key) !== undefined)) return 'functional';
  const isPlain = config.members.every(({ key }) => SEQUENTIAL_FIELDS.includes(key));
  return isPlain && layers.items.every(({ value }) => isLayer(value)) ? 'sequential' : undefined;
}

const isLayer = (entry: JsonValue): entry is JsonObject =>
  isObject(getMember(entry, 'config')) && getMember(entry, 'inbound_nodes') === undefined;
