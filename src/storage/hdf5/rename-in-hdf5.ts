import { inFile, RetrofitError } from '../../errors.js';
import type { FileWindow } from '../file-window.js';
import type { Hdf5Renaming } from '../hdf5.js';
import { isEditable } from './editable.js';
import { type ByteSource, hdf5Bytes, windowBytes } from './hdf5-bytes.js';
import { badHdf5 } from './hdf5-errors.js';
import { readSymbolTable } from './symbol-table.js';

/** See {@link Storage.canEditHdf5}. */
export function canEditHdf5(source: ByteSource, groups: readonly string[]): boolean {
  const file = hdf5Bytes(source);
  try {
    for (const group of groups) readSymbolTable(file, group);
    return isEditable(file);
  } catch (error) {
    // Whatever else it is, or lacks: it is not what can be changed in place.
    if (error instanceof RetrofitError) return false;
    throw error;
  }
}

/**
 * Renames objects by exchanging the targets of entries in their group's symbol table; the names, their order and the
 * B-tree over them stay.
 * @param shown the name of the file for messages
 */
export function renameInHdf5(file: FileWindow, shown: string, renamings: readonly Hdf5Renaming[]): void {
  try {
    for (const renaming of renamings) renameInGroup(file, renaming);
  } catch (error) {
    throw inFile(error, shown);
  }
}

function renameInGroup(file: FileWindow, { group, renames }: Hdf5Renaming): void {
  const names = new Set(renames.keys());
  const newNames = new Set(renames.values());
  if (newNames.size < names.size || [...newNames].some((name) => !names.has(name))) {
    throw new Error(`the renaming in ${group} is no permutation`);
  }
  const entries = readSymbolTable(windowBytes(file), group);
  const entryOf = (name: string) => {
    const entry = entries.get(name);
    if (entry === undefined)
      throw badHdf5('there is no such object to rename', `${group === '/' ? '' : group}/${name}`);
    return entry;
  };
  const moves = [...renames].map(([from, to]) => ({ target: entryOf(from).target, address: entryOf(to).address }));
  for (const { target, address } of moves) file.writeSync(target, address);
}
