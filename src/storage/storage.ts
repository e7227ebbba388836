import type { Hdf5Editor, Hdf5File, Hdf5Renaming } from './hdf5.js';

/** A regular file as it was when it was found, or a stretch of one: a member of an archive. */
export interface FoundFile {
  /** The name for messages. */
  readonly path: string;
  readonly byteLength: number;
  /** Changes when the file does: a later `ensureUnchanged` compares it. */
  readonly identity: string;
  /** Where the stretch begins in the file; 0 for a whole file. */
  readonly byteOffset?: number;
  /** For a member of an archive: the checksum of its bytes, which is compared when all of it is copied. */
  readonly checksum?: { readonly member: string; readonly crc32: number };
  /** The file may not be a link, and will not be followed should it become one. */
  readonly isNoLink?: true;
}

export interface FindOptions {
  /** Admit links to regular files for files that a model names; model caches use them. */
  readonly allowLinks?: boolean;
}

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
      /** Writes the file into the pending output, under the name that it is given. */
      readonly build: (name: string) => Promise<void>;
      /** More than it will have: how a size is written depends on it, before it is known. */
      readonly byteLimit: number;
    }
);

/** An output that is prepared in a hidden place and appears whole, by `commit`, or not at all. */
export interface PendingOutput {
  /** Where its files lie until they appear, under their names. */
  readonly folder: string;
  /** Copies the first `byteLength` bytes (default: all) of a file under a name of the output. */
  copy(file: FoundFile, name: string, byteLength?: number): Promise<void>;
  /** Writes a new file from chunks, in order. */
  write(name: string, chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void>;
  /** Overwrites bytes of a file that is pending already. */
  patch(name: string, byteOffset: number, bytes: Uint8Array): Promise<void>;
  /** Makes a new HDF5 file. */
  buildHdf5(name: string, build: (editor: Hdf5Editor) => Promise<void>): Promise<void>;
  /** Changes a pending HDF5 file for which `canEditHdf5` is true. */
  editHdf5(name: string, edit: (editor: Hdf5Editor) => Promise<void>): Promise<void>;
  /** Renames objects of a pending HDF5 file, in the order given; `canEditHdf5` must be true for it. */
  renameInHdf5(name: string, renamings: readonly Hdf5Renaming[]): Promise<void>;
  /** Makes a zip archive. */
  writeZip(name: string, members: readonly NewZipMember[]): Promise<void>;
  /** Bytes of a pending file. */
  byteLength(name: string): Promise<number>;
  /** Makes the output appear under its name, durably. */
  commit(): Promise<void>;
  /** Takes everything away; nothing was ever visible. */
  discard(): Promise<void>;
}

/** A file that is open for reading. */
export interface OpenFile {
  /**
   * @param into where the bytes may go, if there is room
   * @throws RetrofitError `input-changed` if the file ends before
   */
  read(byteOffset: number, byteLength: number, into?: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>>;
  close(): Promise<void>;
}

/** The file system as formats see it. */
export interface Storage {
  /** Kind of the file or folder at a path, links followed; undefined where there is none. */
  kindOf(path: string): Promise<'file' | 'folder' | 'other' | undefined>;
  /** A file that the user named: it may be a link. */
  findFile(path: string): Promise<FoundFile>;
  /**
   * A file that a model names inside its own folder.
   * @throws RetrofitError `unsafe-path` if it is not a regular file within the folder
   */
  findInside(folder: string, name: string, options: FindOptions): Promise<FoundFile>;
  /** Opens a file that was found, for many reads. */
  open(file: FoundFile): Promise<OpenFile>;
  /** @throws RetrofitError `input-changed` if the file is no longer the one that was found */
  ensureUnchanged(file: FoundFile): Promise<void>;
  /** The names in a folder, and in its folders, as paths relative to it; links are listed, not followed. */
  list(folder: string): Promise<readonly string[]>;
  /** Returns the same path for every spelling of a place, links resolved as far as the path exists. */
  canonical(path: string): Promise<string>;
  /** The path from the root, without `.` and `..`; links stay. */
  absolute(path: string): string;
  join(folder: string, name: string): string;
  folderOf(path: string): string;
  nameOf(path: string): string;
  /**
   * Starts an output folder.
   * @param replace whether an existing folder may be replaced; the caller has checked its contents
   * @throws RetrofitError `output-exists`, `cannot-write`
   */
  beginFolder(path: string, replace: boolean): Promise<PendingOutput>;
  /**
   * Starts an output of one or several files in a folder that may hold others. All appear, the last named one last.
   * @param replace whether existing files of these names may be replaced
   * @throws RetrofitError `output-exists`, `cannot-write`
   */
  beginFiles(folder: string, names: readonly string[], replace: boolean): Promise<PendingOutput>;
  /**
   * Opens an HDF5 file for as long as `use` runs.
   * @throws RetrofitError `bad-hdf5`, `unsafe-path`
   */
  withHdf5<T>(file: FoundFile, use: (opened: Hdf5File) => Promise<T>): Promise<T>;
  /** Whether a copy can be changed, its objects in these groups too: Keras writes files of this kind. */
  canEditHdf5(file: FoundFile, groups: readonly string[]): Promise<boolean>;
  /** @throws RetrofitError `bad-zip`, `unsafe-path` */
  openZip(file: FoundFile): Promise<ZipArchive>;
  /** Unpacks a member into a file that goes when the process ends, to be read in any order. */
  unpackTemporarily(archive: FoundFile, chunks: AsyncIterable<Uint8Array>): Promise<FoundFile>;
}
