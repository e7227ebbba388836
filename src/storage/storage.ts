/** A regular file as it was when it was found. */
export interface FoundFile {
  /** The name to show people. */
  readonly path: string;
  readonly byteLength: number;
  /** Changes when the file does: a later `ensureUnchanged` compares it. */
  readonly identity: string;
  /** The file may not be a link, and will not be followed should it become one. */
  readonly isNoLink?: true;
}

export interface FindOptions {
  /** Admit links to regular files for files that a model names; model caches use them. */
  readonly allowLinks?: boolean;
}

/** An output that is prepared out of sight and appears whole, by `commit`, or not at all. */
export interface StagedFolder {
  /** Copies the first `byteLength` bytes (default: all) of a file under a name of the output. */
  copy(file: FoundFile, name: string, byteLength?: number): Promise<void>;
  /** Writes a new file from chunks, in order. */
  write(name: string, chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void>;
  /** Overwrites bytes of a file that is staged already. */
  patch(name: string, byteOffset: number, bytes: Uint8Array): Promise<void>;
  /** Makes the output appear under its name, durably. */
  commit(): Promise<void>;
  /** Takes everything away; nothing was ever visible. */
  discard(): Promise<void>;
}

/** A file that is open for reading. */
export interface OpenFile {
  /** @throws RetrofitError `input-changed` if the file ends before */
  read(byteOffset: number, byteLength: number): Promise<Uint8Array<ArrayBuffer>>;
  close(): Promise<void>;
}

/** What the formats know of a file system. */
export interface Storage {
  /** What stands at a path, links followed; undefined where nothing does. */
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
  /** The same place for every spelling of a path, links resolved as far as the path exists. */
  canonical(path: string): Promise<string>;
  /** The path from the root, without `.` and `..`; links stay. */
  absolute(path: string): string;
  join(folder: string, name: string): string;
  folderOf(path: string): string;
  nameOf(path: string): string;
  /**
   * Starts an output folder.
   * @param replace whether an existing folder may be replaced; the caller has looked at what it holds
   * @throws RetrofitError `output-exists`, `cannot-write`
   */
  stageFolder(path: string, replace: boolean): Promise<StagedFolder>;
}
