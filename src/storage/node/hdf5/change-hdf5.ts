import { changeHdf5 } from '../../hdf5/open-hdf5.js';
import * as renaming from '../../hdf5/rename-in-hdf5.js';
import type { Hdf5Editor, Hdf5Renaming } from '../../hdf5.js';
import { type FileWindow, openWindow, type WritePlace } from '../file-window.js';
import { inflate } from './file-bytes.js';

/** Makes a new file at a place where none is. */
export const buildHdf5 = (place: WritePlace, build: (editor: Hdf5Editor) => Promise<void>): Promise<void> =>
  inWindow(place, true, (file) => changeHdf5(file, place.shown, inflate, build));

/** Changes a file for which `canEditHdf5` is true. */
export const editHdf5 = (place: WritePlace, edit: (editor: Hdf5Editor) => Promise<void>): Promise<void> =>
  inWindow(place, false, (file) => changeHdf5(file, place.shown, inflate, edit));

export const renameInHdf5 = (place: WritePlace, renamings: readonly Hdf5Renaming[]): Promise<void> =>
  inWindow(place, false, async (file) => renaming.renameInHdf5(file, place.shown, renamings));

async function inWindow(place: WritePlace, isNew: boolean, change: (file: FileWindow) => Promise<void>): Promise<void> {
  const file = await openWindow(place, isNew);
  try {
    await change(file);
  } finally {
    await file.close();
  }
}
