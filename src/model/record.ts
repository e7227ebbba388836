import {
  fromPlain,
  getMember,
  isObject,
  isPlainObject,
  type JsonObject,
  type JsonValue,
  type Plain,
  toPlain,
  withMember,
  withoutMember,
} from '../json/json-value.js';
import { findJson } from '../json/parse-json.js';
import { serializeJson } from '../json/serialize-json.js';
import { type Graph, listGraphs, type Model, type RetrofitRecord, scaleName } from './model.js';
import { layerKey } from './weight-key.js';

/** The member of a model's metadata, or the root attribute of an HDF5 file, that holds its record. */
export const RECORD_KEY = 'se_retrofit';

/** Reads the record that an earlier retrofit left in a file's metadata; undefined without one of this version. */
export const readRecord = (metadata: JsonValue | undefined): RetrofitRecord | undefined =>
  parseRecord(getMember(metadata, RECORD_KEY));

/**
 * Returns the metadata with the record in it, or without the one that was there; other members stay. Undefined where
 * there were none before the record.
 */
export function writeRecord(
  metadata: JsonValue | undefined,
  record: RetrofitRecord | undefined,
): JsonValue | undefined {
  if (record === undefined) return withoutRecord(metadata);
  if (isObject(metadata) && metadata.members.length > 0) return withMember(metadata, RECORD_KEY, recordJson(record));
  const before = metadata === undefined ? {} : { metadata: serializeJson({ lead: '', trail: '', root: metadata }) };
  return withMember(EMPTY, RECORD_KEY, recordJson({ ...record, ...before }));
}

const EMPTY: JsonObject = { kind: 'object', members: [] };

function withoutRecord(metadata: JsonValue | undefined): JsonValue | undefined {
  const record = readRecord(metadata);
  if (record === undefined) return metadata;
  const rest = withoutMember(metadata as JsonObject, RECORD_KEY);
  if (rest.members.length > 0) return rest;
  return record.metadata === undefined ? undefined : findJson(record.metadata);
}

/** Parses a record from its own JSON; undefined where the JSON is not a record. */
export function parseRecord(json: JsonValue | undefined): RetrofitRecord | undefined {
  const record = json === undefined ? undefined : toPlain(json);
  return isRecord(record) ? (record as unknown as RetrofitRecord) : undefined;
}

export const recordJson = (record: RetrofitRecord): JsonValue => fromPlain(record as unknown as Plain);

type Check = (value: Plain | undefined) => boolean;

const isText: Check = (value) => typeof value === 'string';
// It is written into JSON unchanged.
const isNumberText: Check = (value) => typeof value === 'string' && findJson(value)?.kind === 'number';
const orAbsent =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every((item) => check(item));
const objectOf =
  (members: Readonly<Record<string, Check>>): Check =>
  (value) =>
    isPlainObject(value) && Object.entries(members).every(([key, check]) => check(value[key]));

const isPath = listOf(isText);

// Files are changed by hand: a record must be checked before anything is undone by it.
const isRecord = objectOf({
  version: (value) => value === 1,
  modules: listOf(
    objectOf({
      name: isText,
      after: isText,
      graph: isPath,
      exactBy: (value) => value === null || isText(value),
      doubled: orAbsent(listOf(objectOf({ layer: isText, weight: isText }))),
    }),
  ),
  doubled: listOf(
    objectOf({
      graph: isPath,
      layer: isText,
      weight: isText,
      exponent: (value) => Number.isSafeInteger(value),
      quantization: orAbsent(objectOf({ scale: isNumberText, min: isNumberText })),
    }),
  ),
  sequential: orAbsent(
    listOf(objectOf({ graph: isPath, text: isText, hasNoInput: orAbsent((value) => value === true) })),
  ),
  frozen: orAbsent(objectOf({ trainable: listOf(isText), unsaid: listOf(isText) })),
  classes: orAbsent(listOf(isText)),
  metadata: orAbsent(isText),
});

/** Keeps what outlives the modules in a record: the names of the classes, and the metadata that the record replaced. */
export function withoutModules(record: RetrofitRecord | undefined): RetrofitRecord | undefined {
  if (record?.classes === undefined) return undefined;
  const { version, classes, metadata } = record;
  return { version, modules: [], doubled: [], classes, ...(metadata === undefined ? {} : { metadata }) };
}

/**
 * Returns the record for a model that was made from another. Keras does not keep the record when it saves a model: if
 * all modules are present, the other model's record still holds.
 * @param from the other model, in the same dialect
 */
export function inheritedRecord(model: Model, from: Model): RetrofitRecord | undefined {
  if (model.record !== undefined || from.record === undefined) return model.record;
  const layers = layerKeys(model.graph);
  const isThere = from.record.modules.every(({ graph, name }) => layers.has(layerKey(graph, scaleName(name))));
  return isThere ? from.record : undefined;
}

const layerKeys = (root: Graph): ReadonlySet<string> =>
  new Set([...listGraphs(root)].flatMap(({ graph, path }) => graph.layers.map(({ name }) => layerKey(path, name))));
