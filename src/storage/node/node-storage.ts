import type { Stats } from 'node:fs';
import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { inputError, RetrofitError } from '../../errors.js';
import { readHdf5 } from '../hdf5/open-hdf5.js';
import { canEditHdf5 } from '../hdf5/rename-in-hdf5.js';
import type { FindOptions, FoundFile, Storage } from '../storage.js';
import { notAFile, notFound, outsideFolder } from '../storage-errors.js';
import { isMissing } from './file-system-errors.js';
import { bytesOf, inflate } from './hdf5/file-bytes.js';
import { ensureUnchanged, identityOf, openFile, unreadable, withHandle } from './open-file.js';
import { beginFiles } from './pending-output/pending-files.js';
import { beginFolder } from './pending-output/pending-folder.js';
import { unpackTemporarily } from './temporary-file.js';
import { openZip } from './zip/zip-reader.js';

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
  beginFolder,
  beginFiles,
  withHdf5: (file, use) => reading(file, (descriptor) => readHdf5(bytesOf(descriptor, file), file.path, inflate, use)),
  canEditHdf5: (file, groups) => withHandle(file, (descriptor) => canEditHdf5(bytesOf(descriptor, file), groups)),
  openZip: (file) => openZip(file, openFile),
  unpackTemporarily: (archive, chunks) => unpackTemporarily(archive, chunks, findFile),
};

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
    throw outsideFolder(path);
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
    throw notFound(path);
  }
}

function toFound(path: string, facts: Stats): FoundFile {
  if (!facts.isFile()) throw notAFile(path);
  return { path, byteLength: facts.size, identity: identityOf(facts) };
}

/** Reads a file; apparent damage may come from another program that changes it meanwhile. */
async function reading<T>(file: FoundFile, use: (descriptor: number) => Promise<T> | T): Promise<T> {
  try {
    return await withHandle(file, use);
  } catch (error) {
    if (error instanceof RetrofitError && error.code === 'bad-hdf5') await ensureUnchanged(file);
    throw error;
  }
}

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
