import { mkdir, rmdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { outputError } from '../../../errors.js';
import { isMissing, isTaken } from '../file-system-errors.js';

/**
 * Makes a folder and those around it that are missing, and notes each in `made`, outermost first. Not `recursive`: Node
 * does not say which it made, and never ends where the file system takes no folders (/proc).
 */
export async function makeFolders(folder: string, made: string[]): Promise<void> {
  if (await isFolder(folder)) return;
  const around = dirname(folder);
  if (around !== folder) await makeFolders(around, made);
  try {
    await mkdir(folder);
    made.push(folder);
  } catch (error) {
    if (!isTaken(error)) throw error;
    // Another run was faster, or a file is in the way.
    if (await isFolder(folder)) return;
    throw outputError('cannot-write', 'the output cannot be written: this is not a folder', {
      where: { file: folder },
      hint: 'choose another place with -o',
    });
  }
}

/** Removes folders that are still empty, innermost first. */
export async function removeFolders(made: readonly string[]): Promise<void> {
  for (const folder of made.toReversed()) await rmdir(folder).catch(() => {});
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}
