import type { FindOptions } from '../storage/storage.js';

/** What may be said of a model that is to be read. */
export interface ReadOptions extends FindOptions {
  /** The file with the weights, or a checkpoint, for an architecture's JSON. */
  readonly weights?: string;
}
