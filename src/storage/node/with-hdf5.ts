import { closeSync, constants, openSync } from 'node:fs';
import type { Hdf5Editor, Hdf5File } from '../hdf5.js';
import type { FoundFile } from '../storage.js';
import { hdf5Editor } from './hdf5-editor.js';
import { hdf5File, located, type OpenHdf5 } from './hdf5-file.js';
import { type FileWindow, loadHdf5 } from './hdf5-module.js';

/** Opens an HDF5 file for reading, for as long as `use` runs. */
export async function withHdf5File<T>(file: FoundFile, use: (opened: Hdf5File) => Promise<T>): Promise<T> {
  const descriptor = openSync(file.path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const window = windowOf(file, descriptor);
    return await withOpen(window, file.path, 'r', (opened) => use(hdf5File(opened)));
  } finally {
    closeSync(descriptor);
  }
}

/** Opens an HDF5 file to be changed, or makes one, for as long as `use` runs. */
export const withHdf5Editor = (
  window: FileWindow,
  path: string,
  isNew: boolean,
  use: (editor: Hdf5Editor) => Promise<void>,
): Promise<void> => withOpen(window, path, isNew ? 'w' : 'a', (opened) => use(hdf5Editor(opened)));

export const windowOf = (file: FoundFile, descriptor: number): FileWindow => ({
  descriptor,
  byteOffset: file.byteOffset ?? 0,
  byteLength: file.byteLength,
});

async function withOpen<T>(
  window: FileWindow,
  path: string,
  mode: 'r' | 'a' | 'w',
  use: (opened: OpenHdf5) => Promise<T>,
): Promise<T> {
  const loaded = await loadHdf5();
  const mounted = loaded.mount(window);
  try {
    const file = guarded(path, () => loaded.call(() => new loaded.h5wasm.File(mounted.path, mode)));
    const byteLength = () => window.byteLength ?? Number.MAX_SAFE_INTEGER;
    let result: T;
    try {
      result = await use({ loaded, id: file.file_id, path, byteLength });
    } catch (error) {
      // Why the work failed matters more than whether the file can still be closed.
      guarded(path, () => loaded.call(() => file.close()), true);
      throw error;
    }
    guarded(path, () => loaded.call(() => file.close()));
    return result;
  } finally {
    mounted.unmount();
  }
}

function guarded<T>(path: string, work: () => T, isQuiet = false): T {
  try {
    return work();
  } catch (error) {
    if (isQuiet) return undefined as T;
    throw located(error, path, '/');
  }
}
