import type { JsonDocument } from '../../json/json-value.js';
import type { FindOptions, FoundFile } from '../../storage/storage.js';

/** Options for reading a model. */
export interface ReadOptions extends FindOptions {
  /** The file with the weights, or a checkpoint, for an architecture's JSON. */
  readonly weights?: string;
}

/** The beginning of a file, and its JSON if it is one: formats are told apart by these. */
export interface FileContent {
  readonly file: FoundFile;
  readonly head: Uint8Array;
  readonly json: JsonDocument | undefined;
}
