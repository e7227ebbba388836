import { inputError } from '../errors.js';
import type { FoundFile, OpenFile, PendingOutput, Storage } from './storage.js';
import { fileChanged, notAFile, notFound, outputTaken, outsideFolder } from './storage-errors.js';

/** The bytes of a file: in memory, or where a browser keeps them (a dropped `File` is a `Blob`). */
export type Content = Uint8Array | Blob;

/** Files by their paths, with slashes. */
export type Files = Iterable<readonly [string, Content]>;

export interface MemoryStorage extends Storage {
  /** What is there now, outputs that were committed too. */
  readonly files: ReadonlyMap<string, Content>;
}

/** A file that was found holds its bytes: they cannot change, and every memory storage can read them. */
interface MemoryFile extends FoundFile {
  readonly content: Content;
}

/**
 * A storage without a file system: browsers have none. Nothing is copied before it has to change, so the bytes of a
 * dropped file stay where the browser keeps them. TensorFlow.js models only: HDF5 files and zip archives are refused.
 */
export function memoryStorage(given: Files = []): MemoryStorage {
  const files = new Map([...given].map(([path, content]) => [plainPath(path), content]));
  const kindOf = (path: string): 'file' | 'folder' | undefined => {
    const plain = plainPath(path);
    if (files.has(plain)) return 'file';
    return plain === '.' || [...files.keys()].some((name) => name.startsWith(`${plain}/`)) ? 'folder' : undefined;
  };
  const findFile = (path: string): MemoryFile => {
    const content = files.get(plainPath(path));
    if (content === undefined) throw kindOf(path) === undefined ? notFound(path) : notAFile(path);
    return { path, byteLength: sizeOf(content), identity: absolutePath(path), content };
  };
  const folderNames = (folder: string): readonly string[] => {
    if (kindOf(folder) !== 'folder') throw notFound(folder);
    const start = startOf(folder);
    return [...files.keys()].filter((name) => name.startsWith(start)).map((name) => name.slice(start.length));
  };
  const begin = (folder: string, claim: (makesRoom: boolean) => void): PendingOutput => {
    claim(false);
    return pendingInMemory((pending) => {
      claim(true);
      for (const [name, content] of pending) files.set(startOf(folder) + name, content);
    });
  };

  return {
    files,
    kindOf: async (path) => kindOf(path),
    findFile: async (path) => findFile(path),
    findInside: async (folder, name) => {
      const path = joinPaths(folder, name);
      if (!path.startsWith(startOf(folder)) || path === '.') throw outsideFolder(path);
      return findFile(path);
    },
    open: async (file) => openContent(file),
    ensureUnchanged: async (file) => {
      const content = contentOf(file);
      // A browser refuses to read a file that changed since it was chosen.
      await readContent(file, content, 0, Math.min(1, sizeOf(content)));
    },
    list: async (folder) => {
      const names = folderNames(folder);
      return [...new Set(names.flatMap((name) => [...foldersAround(name), name]))];
    },
    canonical: async (path) => absolutePath(path),
    absolute: absolutePath,
    join: joinPaths,
    folderOf: (path) => plainPath(path).split('/').slice(0, -1).join('/') || '.',
    nameOf: (path) => plainPath(path).split('/').at(-1)!,
    beginFolder: async (folder, replace) =>
      begin(folder, (makesRoom) => {
        if (!replace && kindOf(folder) !== undefined) throw outputTaken(folder);
        if (!makesRoom) return;
        files.delete(plainPath(folder));
        for (const name of [...files.keys()].filter((path) => path.startsWith(startOf(folder)))) files.delete(name);
      }),
    beginFiles: async (folder, names, replace) =>
      begin(folder, () => {
        const taken = names.map((name) => joinPaths(folder, name)).find((path) => !isFree(kindOf(path), replace));
        if (taken !== undefined) throw outputTaken(taken);
      }),
    withHdf5: async (file) => refuse(file.path, 'an HDF5 file'),
    canEditHdf5: async (file) => refuse(file.path, 'an HDF5 file'),
    openZip: async (file) => refuse(file.path, 'a zip archive'),
    unpackTemporarily: async (archive) => refuse(archive.path, 'a zip archive'),
  };
}

/** An output that is nowhere to be seen until it is placed, all its files at once. */
function pendingInMemory(place: (pending: ReadonlyMap<string, Content>) => void): PendingOutput {
  const pending = new Map<string, Content>();
  // Bytes that are the output's own, and may change where they lie.
  const own = new Set<Content>();
  const add = (name: string, content: Content): void => {
    const plain = plainPath(name);
    if (pending.has(plain)) throw new Error(`${name} is pending already`);
    pending.set(plain, content);
  };
  const ownBytes = async (name: string): Promise<Uint8Array> => {
    const content = pending.get(plainPath(name));
    if (content === undefined) throw new Error(`${name} is not pending`);
    if (content instanceof Uint8Array && own.has(content)) return content;
    const bytes = await readContent({ path: name }, content, 0, sizeOf(content));
    pending.set(plainPath(name), bytes);
    own.add(bytes);
    return bytes;
  };
  return {
    // There is no folder before it is placed.
    folder: '',
    copy: async (file, name, byteLength = file.byteLength) => {
      const start = file.byteOffset ?? 0;
      const content = contentOf(file);
      if (start + byteLength > sizeOf(content)) throw fileChanged(file);
      add(
        name,
        content instanceof Uint8Array
          ? content.subarray(start, start + byteLength)
          : sliceOf(content, start, byteLength),
      );
    },
    write: async (name, chunks) => {
      const pieces: Uint8Array<ArrayBuffer>[] = [];
      // A chunk may be gone when the next is asked for.
      for await (const chunk of chunks) pieces.push(new Uint8Array(chunk));
      add(name, new Blob(pieces));
    },
    patch: async (name, byteOffset, bytes) => (await ownBytes(name)).set(bytes, byteOffset),
    buildHdf5: async (name) => refuse(name, 'an HDF5 file'),
    editHdf5: async (name) => refuse(name, 'an HDF5 file'),
    renameInHdf5: async (name) => refuse(name, 'an HDF5 file'),
    writeZip: async (name) => refuse(name, 'a zip archive'),
    byteLength: async (name) => sizeOf(pending.get(plainPath(name))!),
    commit: async () => place(pending),
    discard: async () => pending.clear(),
  };
}

const isFree = (kind: 'file' | 'folder' | undefined, replace: boolean): boolean =>
  kind === undefined || (replace && kind === 'file');

export const sizeOf = (content: Content): number => (content instanceof Uint8Array ? content.byteLength : content.size);

const sliceOf = (blob: Blob, start: number, byteLength: number): Blob => blob.slice(start, start + byteLength);

function contentOf(file: FoundFile): Content {
  if ('content' in file) return (file as MemoryFile).content;
  throw new Error(`${file.path} was not found in memory`);
}

function openContent(file: FoundFile): OpenFile {
  const content = contentOf(file);
  const { byteOffset: start = 0 } = file;
  return {
    read: async (byteOffset, byteLength) => {
      const end = byteOffset + byteLength;
      if (end > file.byteLength || start + end > sizeOf(content)) throw fileChanged(file);
      return readContent(file, content, start + byteOffset, byteLength);
    },
    close: async () => {},
  };
}

/** A copy of some bytes of a file. */
async function readContent(
  file: Pick<FoundFile, 'path'>,
  content: Content,
  byteOffset: number,
  byteLength: number,
): Promise<Uint8Array<ArrayBuffer>> {
  if (content instanceof Uint8Array) return new Uint8Array(content.subarray(byteOffset, byteOffset + byteLength));
  try {
    return new Uint8Array(await sliceOf(content, byteOffset, byteLength).arrayBuffer());
  } catch {
    throw fileChanged(file);
  }
}

function refuse(path: string, what: string): never {
  throw inputError('needs-files', `in a browser only TensorFlow.js models are read and written; this is ${what}`, {
    where: { file: path },
    hint: 'use the command line for it: it also converts Keras files (se-retrofit convert model.keras -o web)',
  });
}

/** A path from the root of the storage without `.`, `..` and slashes before or behind; the root itself is `.`. */
function plainPath(path: string): string {
  const plain: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') plain.pop();
    else if (part !== '' && part !== '.') plain.push(part);
  }
  return plain.length === 0 ? '.' : plain.join('/');
}

const absolutePath = (path: string): string => (plainPath(path) === '.' ? '/' : `/${plainPath(path)}`);

const joinPaths = (folder: string, name: string): string => plainPath(`${folder}/${name}`);

/** What the paths of everything in a folder begin with. */
const startOf = (folder: string): string => (plainPath(folder) === '.' ? '' : `${plainPath(folder)}/`);

/** The folders on the way to a file, each with a slash behind it. */
const foldersAround = (name: string): readonly string[] =>
  [...name.matchAll(/\//g)].map(({ index }) => name.slice(0, index + 1));
