import { closeSync, constants, openSync, type Stats } from 'node:fs';
import { lstat, open, readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { inputError } from '../../errors.js';
import type { Hdf5File } from '../hdf5.js';
import type { FindOptions, FoundFile, OpenFile, Storage } from '../storage.js';
import { fileSystemReason, isMissing } from './file-system-errors.js';
import { stageFiles } from './staged-files.js';
import { stageFolder } from './staged-folder.js';
import { hasSymbolTables as findSymbolTables } from './symbol-tables.js';
import { unpackTemporarily } from './temporary-file.js';
import { openZip } from './zip-reader.js';

/** The file system of the machine. */
export const nodeStorage: Storage = {
  kindOf,
  findFile,
  findInside,
  open: openFile,
  ensureUnchanged,
  list,
  canonical,
  absolute: resolve,
  join,
  folderOf: dirname,
  nameOf: basename,
  stageFolder,
  stageFiles,
  withHdf5,
  hasSymbolTables,
  openZip: (file) => openZip(file, openFile),
  unpackTemporarily: (archive, chunks) => unpackTemporarily(archive, chunks, findFile),
};

async function withHdf5<T>(file: FoundFile, use: (opened: Hdf5File) => Promise<T>): Promise<T> {
  const { withHdf5File } = await import('./with-hdf5.js');
  return withHdf5File(file, use);
}

async function hasSymbolTables(file: FoundFile, groups: readonly string[]): Promise<boolean> {
  const descriptor = openSync(file.path, 'r');
  try {
    const { byteOffset = 0, byteLength } = file;
    return findSymbolTables({ descriptor, byteOffset, byteLength }, groups);
  } finally {
    closeSync(descriptor);
  }
}

async function kindOf(path: string): Promise<'file' | 'folder' | 'other' | undefined> {
  try {
    const facts = await stat(path);
    if (facts.isFile()) return 'file';
    return facts.isDirectory() ? 'folder' : 'other';
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw unreadable(path, error);
  }
}

async function findFile(path: string): Promise<FoundFile> {
  return toFound(path, await factsOf(path, stat));
}

async function findInside(folder: string, name: string, { allowLinks = false }: FindOptions): Promise<FoundFile> {
  const path = resolve(folder, name);
  const facts = await factsOf(path, allowLinks ? stat : lstat);
  if (facts.isSymbolicLink()) {
    throw inputError('unsafe-path', 'a link where a file of the model should be', {
      where: { file: path },
      hint: 'copy the file to its place, or give --allow-links if you trust where the link leads',
    });
  }
  // A folder on the way may be a link too: the real path must still lie within the real folder.
  if (!allowLinks && !(await realPathOf(path)).startsWith((await realPathOf(folder)) + sep)) {
    throw inputError('unsafe-path', 'the file lies outside the folder of the model', {
      where: { file: path },
      hint: 'copy the model and its files into one folder, or give --allow-links if you trust where the link leads',
    });
  }
  return { ...toFound(path, facts), ...(allowLinks ? {} : { isNoLink: true }) };
}

const realPathOf = (path: string): Promise<string> => findingNothing(path, () => realpath(path));

const factsOf = (path: string, look: (path: string) => Promise<Stats>): Promise<Stats> =>
  findingNothing(path, () => look(path));

async function findingNothing<T>(path: string, look: () => Promise<T>): Promise<T> {
  try {
    return await look();
  } catch (error) {
    if (!isMissing(error)) throw unreadable(path, error);
    throw inputError('not-found', 'no such file', {
      where: { file: path },
      hint: 'check the path, or copy the file there',
    });
  }
}

function toFound(path: string, facts: Stats): FoundFile {
  if (!facts.isFile()) {
    throw inputError('not-a-file', 'a folder, pipe or device where a file should be', {
      where: { file: path },
      hint: 'a model consists of ordinary files',
    });
  }
  return { path, byteLength: facts.size, identity: identityOf(facts) };
}

const identityOf = (facts: Stats) => `${facts.dev}:${facts.ino}:${facts.size}:${facts.mtimeMs}`;

async function openFile(file: FoundFile): Promise<OpenFile> {
  // Not blocking: were the file swapped for a pipe, opening it would wait for ever.
  const noFollow = file.isNoLink ? (constants.O_NOFOLLOW ?? 0) : 0;
  const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | noFollow;
  const handle = await open(file.path, flags).catch((error) => {
    if (file.isNoLink && error?.code === 'ELOOP') throw changed(file);
    throw unreadable(file.path, error);
  });
  const start = file.byteOffset ?? 0;
  return {
    read: async (byteOffset, byteLength) => {
      const bytes = new Uint8Array(byteLength);
      try {
        for (let done = 0; done < byteLength; ) {
          const { bytesRead } = await handle.read(bytes, done, byteLength - done, start + byteOffset + done);
          if (bytesRead === 0) throw changed(file);
          done += bytesRead;
        }
      } catch (error) {
        throw unreadable(file.path, error);
      }
      return bytes;
    },
    close: () => handle.close(),
  };
}

async function ensureUnchanged(file: FoundFile): Promise<void> {
  const facts = await stat(file.path).catch(() => undefined);
  if (facts === undefined || identityOf(facts) !== file.identity) throw changed(file);
}

const changed = (file: FoundFile) =>
  inputError('input-changed', 'the file changed while it was read', {
    where: { file: file.path },
    hint: 'wait until whatever writes it is done, then run again',
  });

async function list(folder: string): Promise<readonly string[]> {
  const found = await findingNothing(folder, () => readdir(folder, { withFileTypes: true, recursive: true }));
  const prefix = resolve(folder).length + 1;
  return found.map((entry) => {
    const path = resolve(entry.parentPath, entry.name).slice(prefix).split(sep).join('/');
    return entry.isDirectory() ? `${path}/` : path;
  });
}

async function canonical(path: string): Promise<string> {
  const absolute = resolve(path);
  try {
    return await realpath(absolute);
  } catch {
    const parent = dirname(absolute);
    return parent === absolute ? absolute : join(await canonical(parent), basename(absolute));
  }
}

function unreadable(path: string, error: unknown): unknown {
  const reason = fileSystemReason(error);
  if (reason === undefined) return error;
  return inputError('unreadable', `cannot be read: ${reason}`, {
    where: { file: path },
    hint: 'check the file and its permissions',
  });
}
