/** What a writer reports of the model it wrote. */
export interface WrittenFiles {
  readonly files: readonly { readonly name: string; readonly byteLength: number }[];
  /** The weights were copied as they lay, and their checksum compared. */
  readonly isIntact?: boolean;
}

export type OnProgress = (doneBytes: number, totalBytes: number) => void;
