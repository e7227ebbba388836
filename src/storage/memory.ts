import { crc32ByTable } from './crc32.js';
import { readHdf5 } from './hdf5/open-hdf5.js';
import { canEditHdf5 } from './hdf5/rename-in-hdf5.js';
import { type Content, checkFiles, type Files, gather, readContent, sizeOf } from './memory/content.js';
import { inflate, inflateRaw } from './memory/inflate.js';
import { bytesOf, contentOf, type MemoryFile, openContent } from './memory/memory-file.js';
import { absolutePath, foldersAround, joinPaths, plainPath, startOf } from './memory/memory-paths.js';
import { pendingInMemory } from './memory/pending-in-memory.js';
import type { PendingOutput, Storage } from './storage.js';
import { notAFile, notFound, outputTaken, outsideFolder } from './storage-errors.js';
import { openZip } from './zip/open-zip.js';

export type { Content, Files } from './memory/content.js';

export interface MemoryStorage extends Storage {
  /** All current files, committed outputs included. */
  readonly files: ReadonlyMap<string, Content>;
}

/**
 * A storage without a file system: browsers have none. Nothing is copied before it has to change, so the bytes of a
 * dropped file stay where the browser keeps them. HDF5 files are read while everything waits: in a web worker where they
 * are, elsewhere whole HDF5 files are read into memory first.
 */
export function memoryStorage(given: Files = []): MemoryStorage {
  const files = new Map(checkFiles(given).map(([path, content]) => [plainPath(path), content]));
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
    withHdf5: async (file, use) => readHdf5(await bytesOf(file), file.path, inflate, use),
    canEditHdf5: async (file, groups) => canEditHdf5(await bytesOf(file), groups),
    openZip: (file) =>
      openZip(file, { open: async (archive) => openContent(archive), inflateRaw, crc32: crc32ByTable }),
    unpackTemporarily: async ({ path, identity }, chunks): Promise<MemoryFile> => {
      const content = await gather(chunks);
      return { path, identity, byteLength: content.size, content };
    },
  };
}

const isFree = (kind: 'file' | 'folder' | undefined, replace: boolean): boolean =>
  kind === undefined || (replace && kind === 'file');
