import type { FoundFile } from './storage.js';

export interface ZipMember {
  readonly name: string;
  /** Bytes it has once unpacked. */
  readonly byteLength: number;
  /** Where its bytes lie in the archive; undefined where they are compressed. */
  readonly stored: FoundFile | undefined;
}

/** An archive whose directory was read and checked. Members are never unpacked under their names. */
export interface ZipArchive {
  /** In the order of the archive; folders are left out. */
  readonly members: readonly ZipMember[];
  /**
   * A small member, whole, its checksum compared.
   * @throws RetrofitError `bad-zip` where it is longer than `most` bytes, or damaged
   */
  read(member: ZipMember, most: number): Promise<Uint8Array>;
  /**
   * A member's bytes from the first to the last, its checksum compared at the end.
   * @throws RetrofitError `bad-zip` at the end of a damaged one
   */
  chunks(member: ZipMember): AsyncIterable<Uint8Array>;
}

/** A member of an archive that is made, stored uncompressed: its bytes, or a file that is made within the archive. */
export type NewZipMember = {
  readonly name: string;
} & (
  | { readonly chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>; readonly byteLength: number }
  | {
      /** Stages the file under the name that it is given. */
      readonly build: (name: string) => Promise<void>;
      /** More than it will have: how a size is written depends on it, before it is known. */
      readonly byteLimit: number;
    }
);
