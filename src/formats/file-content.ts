import type { JsonDocument } from '../json/json-value.js';
import type { FoundFile } from '../storage/storage.js';

/** The beginning of a file, and its JSON if it is one: what formats are told apart by. */
export interface FileContent {
  readonly file: FoundFile;
  readonly head: Uint8Array;
  readonly json: JsonDocument | undefined;
}
