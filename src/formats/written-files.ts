import type { JsonValue } from '../json/json-value.js';
import type { Warning, WrittenFormat } from '../model/model.js';

/** The files that a writer is to write, and their format. */
export interface OutputFiles {
  readonly format: WrittenFormat;
  readonly modelName: string;
  /** The file of the weights, where they have one of their own beside an architecture. */
  readonly weightsName?: string;
}

/** Architecture as a writer wrote it, without the weights' values. */
export interface WrittenArchitecture {
  /** `{class_name, config, ...}`. */
  readonly topology: JsonValue;
  /** The names of the weights, where loaders find them by name: TensorFlow.js' `weightsManifest`. */
  readonly manifest?: JsonValue;
  /** Compile settings by which TensorFlow.js compiles the model as it loads it. */
  readonly settings?: JsonValue | undefined;
}

/** A writer's report of the model it wrote. */
export interface WrittenFiles {
  readonly architecture: WrittenArchitecture;
  readonly files: readonly { readonly name: string; readonly byteLength: number }[];
  /** The weights were copied unchanged, and their checksum compared. */
  readonly isIntact?: boolean;
  /** Objects of the old files that the new ones cannot hold, by their paths; nothing that a loader reads. */
  readonly lost?: readonly string[];
  readonly warnings?: readonly Warning[];
}

export type OnProgress = (doneBytes: number, totalBytes: number) => void;
