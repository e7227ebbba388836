/** What a writer reports of the model it wrote. */
export interface WrittenFiles {
  readonly files: readonly { readonly name: string; readonly byteLength: number }[];
}

export type OnProgress = (doneBytes: number, totalBytes: number) => void;
