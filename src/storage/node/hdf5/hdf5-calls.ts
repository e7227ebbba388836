import type { TextKind } from '../../hdf5.js';

/** What a name in a group leads to. */
export type Hdf5ChildKind = 'group' | 'dataset' | 'soft link' | 'external link' | 'unknown';

export interface Hdf5Child {
  readonly name: string;
  readonly kind: Hdf5ChildKind;
  /** Where the object's header lies in the file; -1 for what is no group or dataset. */
  readonly address: number;
}

/** A block of a dataset; `null` stands for the whole of it (a scalar has no axes to cut). */
export interface Hdf5Block {
  readonly offset: readonly number[];
  readonly count: readonly number[];
}

/** What an attribute holds: its texts as bytes without their ends, or no texts at all. */
export type Hdf5AttributeValue =
  | { readonly texts: readonly Uint8Array[]; readonly isList: boolean; readonly kind: TextKind }
  | { readonly elementCount: number };

/** What the thread that runs h5wasm answers. Every call is synchronous; arguments and results are copied. */
export interface Hdf5Calls {
  open(descriptor: number, byteOffset: number, byteLength: number): number;
  close(file: number): void;
  addressOf(file: number, path: string): number;
  list(file: number, group: string): readonly Hdf5Child[];
  listAttributes(file: number, path: string): readonly string[];
  readAttribute(file: number, path: string, name: string): Hdf5AttributeValue;
  read(file: number, path: string, block: Hdf5Block | null, byteLength: number): Uint8Array;
}

export interface Hdf5Request {
  readonly name: keyof Hdf5Calls;
  readonly args: readonly unknown[];
}

export type Hdf5Answer =
  | { readonly result: unknown }
  | {
      /** What HDF5 said, or nothing. */
      readonly reason: string;
      /** What the operating system said while the file was read. */
      readonly system?: { readonly code: string; readonly syscall: string; readonly message: string };
    };
