import type { Warning } from '../model/model.js';
import type { WrittenArchitecture } from './check-written.js';

/** What a writer reports of the model it wrote. */
export interface WrittenFiles {
  readonly architecture: WrittenArchitecture;
  readonly files: readonly { readonly name: string; readonly byteLength: number }[];
  /** The weights were copied as they lay, and their checksum compared. */
  readonly isIntact?: boolean;
  /** What the old files hold and the new ones cannot, by its path; nothing that a loader reads. */
  readonly lost?: readonly string[];
  readonly warnings?: readonly Warning[];
}

export type OnProgress = (doneBytes: number, totalBytes: number) => void;
