import {
  fromPlain,
  getMember,
  isObject,
  type JsonObject,
  type JsonValue,
  type Plain,
  toPlain,
  withMember,
} from '../json/json-value.js';
import type { RetrofitRecord } from './model.js';

const KEY = 'se_retrofit';

/** What an earlier retrofit left in a file's metadata; undefined where there is none, or none of this version. */
export const readRecord = (metadata: JsonValue | undefined): RetrofitRecord | undefined =>
  parseRecord(getMember(metadata, KEY));

/** The metadata with the record in it; whatever else it holds stays. */
export function writeRecord(metadata: JsonValue | undefined, record: RetrofitRecord): JsonObject {
  const base: JsonObject = isObject(metadata) ? metadata : { kind: 'object', members: [] };
  return withMember(base, KEY, recordJson(record));
}

/** A record from its own JSON. */
export function parseRecord(json: JsonValue | undefined): RetrofitRecord | undefined {
  if (!isObject(json)) return undefined;
  const record = toPlain(json) as { version?: unknown; modules?: unknown; doubled?: unknown };
  if (record.version !== 1 || !Array.isArray(record.modules) || !Array.isArray(record.doubled)) return undefined;
  return record as unknown as RetrofitRecord;
}

export const recordJson = (record: RetrofitRecord): JsonValue => fromPlain(record as unknown as Plain);
