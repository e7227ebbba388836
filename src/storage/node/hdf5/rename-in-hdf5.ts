import { inFile, RetrofitError } from '../../../errors.js';
import { badHdf5 } from '../../hdf5/hdf5-errors.js';
import { readSymbolTable } from '../../hdf5/symbol-table.js';
import type { Hdf5Renaming } from '../../hdf5.js';
import type { FoundFile } from '../../storage.js';
import { type FileWindow, openWindow, type WritePlace } from '../file-window.js';
import { isEditable } from './editable.js';
import { bytesOf } from './file-bytes.js';

/** See {@link Storage.canEditHdf5}. */
export function canEditHdf5(
  descriptor: number,
  { byteOffset = 0, byteLength }: FoundFile,
  groups: readonly string[],
): boolean {
  const file = bytesOf(descriptor, byteOffset, byteLength);
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
 * Gives objects other names by exchanging what the entries of their group's symbol table lead to; the names, their order
 * and the B-tree over them stay as they are.
 */
export async function renameInHdf5(place: WritePlace, renamings: readonly Hdf5Renaming[]): Promise<void> {
  const file = await openWindow(place, false);
  try {
    for (const renaming of renamings) renameInGroup(file, renaming);
  } catch (error) {
    throw inFile(error, place.shown);
  } finally {
    await file.close();
  }
}

function renameInGroup(file: FileWindow, { group, renames }: Hdf5Renaming): void {
  const names = new Set(renames.keys());
  const newNames = new Set(renames.values());
  if (newNames.size < names.size || [...newNames].some((name) => !names.has(name))) {
    throw new Error(`the renaming in ${group} is no permutation`);
  }
  const entries = readSymbolTable(bytesOf(file.descriptor, file.byteOffset, file.byteLength()), group);
  const entryOf = (name: string) => {
    const entry = entries.get(name);
    if (entry === undefined)
      throw badHdf5('there is no such object to rename', `${group === '/' ? '' : group}/${name}`);
    return entry;
  };
  const moves = [...renames].map(([from, to]) => ({ target: entryOf(from).target, address: entryOf(to).address }));
  for (const { target, address } of moves) file.writeSync(target, address);
}
