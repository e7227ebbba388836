import { inFile, inputError } from '../../errors.js';
import {
  getMember,
  isArray,
  isObject,
  type JsonDocument,
  type JsonValue,
  mapItems,
  mapMembers,
  stringOf,
} from '../../json/json-value.js';
import { MAX_OBJECT_GRAPH_BYTES } from '../../limits.js';
import type { FoundFile, Storage } from '../../storage/storage.js';
import { subclassedModel } from '../dialects/bad-topology.js';
import { decodeText, parseJsonIn, readBeginning } from '../find/read-json-file.js';
import { readFields, textOf } from './wire.js';

/** Keras' description of a model in a SavedModel. */
export interface KerasMetadata {
  /** `{class_name, config}`, as a legacy `.h5` has it. */
  readonly topology: JsonDocument;
  readonly trainingConfig: JsonDocument | undefined;
  readonly kerasVersion: string | undefined;
}

/**
 * Reads the JSON that describes the model in a `keras_metadata.pb`; undefined where there is none.
 * Source: tf_keras/protobuf/saved_metadata.proto.
 * @throws RetrofitError `bad-protobuf`
 */
export async function readMetadataFile(storage: Storage, file: FoundFile): Promise<string | undefined> {
  try {
    if (file.byteLength > MAX_OBJECT_GRAPH_BYTES)
      throw inputError(
        'bad-protobuf',
        `the file has ${file.byteLength} bytes; the limit is ${MAX_OBJECT_GRAPH_BYTES}`,
        { hint: 'it describes the layers of a model and is smaller: save the model again' },
      );
    const bytes = await readBeginning(storage, file, file.byteLength);
    for (const node of readFields(bytes, 'nodes')) {
      if (node.number !== 1) continue;
      let path = '';
      let metadata: Uint8Array | undefined;
      for (const field of readFields(node.bytes, 'nodes')) {
        if (field.number === 3) path = textOf(field);
        if (field.number === 5) metadata = field.bytes;
      }
      if (path === 'root') return decodeText(metadata ?? new Uint8Array());
    }
    return undefined;
  } catch (error) {
    throw inFile(error, file.path);
  }
}

/** @throws RetrofitError `bad-json`, its field inside the metadata; `subclassed-model` */
export function parseMetadata(text: string): KerasMetadata {
  const { root } = parseJsonIn('metadata', () => text);
  const written = getMember(root, 'model_config');
  const entry = isObject(written) ? written : root;
  // All that TensorFlow 2.4 and older say of a model of a class of one's own is the class.
  if (getMember(entry, 'config') === undefined)
    throw subclassedModel(stringOf(getMember(entry, 'class_name')) ?? '', 'model_config');
  const settings = getMember(root, 'training_config');
  return {
    topology: { lead: '', trail: '', root: decoded(withGiven(entry, getMember(root, 'config'))) },
    trainingConfig: isObject(settings) ? { lead: '', trail: '', root: decoded(settings) } : undefined,
    kerasVersion: stringOf(getMember(root, 'keras_version')),
  };
}

/**
 * Fills in what a layer was given, the vocabulary of a lookup above all: it is null in the entry that has the classes of all
 * layers, and stands in the config beside that, which Keras reads.
 * Source: `_revive_graph_network` and `_reconstruct_model` in tf_keras/src/saving/legacy/saved_model/load.py.
 */
const withGiven = (entry: JsonValue, config: JsonValue | undefined): JsonValue =>
  isObject(entry) ? mapMembers(entry, (value, key) => (key === 'config' ? filledIn(value, config) : value)) : entry;

function filledIn(value: JsonValue, given: JsonValue | undefined): JsonValue {
  if (given === undefined) return value;
  if (value.kind === 'literal' && value.text === 'null') return given;
  if (isObject(value) && isObject(given))
    return mapMembers(value, (member, key) => filledIn(member, getMember(given, key)));
  if (isArray(value) && isArray(given) && value.items.length === given.items.length)
    return mapItems(value, (item, index) => filledIn(item, given.items[index]!.value));
  return value;
}

/**
 * Decodes tuples and shapes to lists, as every other file of Keras has them.
 * Source: `Encoder` in tf_keras/src/saving/legacy/saved_model/json_utils.py.
 */
function decoded(value: JsonValue): JsonValue {
  if (isArray(value)) return mapItems(value, decoded);
  if (!isObject(value)) return value;
  const items = getMember(value, 'items');
  const className = stringOf(getMember(value, 'class_name'));
  if (isArray(items) && (className === '__tuple__' || className === 'TensorShape')) return decoded(items);
  return mapMembers(value, decoded);
}
