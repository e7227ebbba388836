import { constants } from 'node:fs';
import { chmod, copyFile, type FileHandle, mkdir, open, stat, truncate } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { StagedOutput } from '../../storage.js';
import { buildHdf5, editHdf5 } from '../hdf5/open-hdf5.js';
import { renameInHdf5 } from '../hdf5/rename-in-hdf5.js';
import { writeBytes, writePiece } from '../write-bytes.js';
import { writeZip } from '../zip/zip-writer.js';
import { copyStretch } from './copy-stretch.js';
import { isInterrupted } from './unfinished.js';

type FileSteps = Pick<
  StagedOutput,
  'copy' | 'write' | 'patch' | 'buildHdf5' | 'editHdf5' | 'renameInHdf5' | 'writeZip' | 'byteLength'
>;

export interface StagingArea extends FileSteps {
  /** Closes what is still open. */
  close(): Promise<void>;
}

/** The files of an output while it is built in a folder out of sight. */
export function makeStagingArea(staging: string, shown: string): StagingArea {
  const inside = async (name: string): Promise<string> => {
    const target = join(staging, name);
    if (dirname(target) !== staging) await mkdir(dirname(target), { recursive: true });
    return target;
  };

  // A model has thousands of tensors to patch in a few files.
  const patched = new Map<string, FileHandle>();

  const area: StagingArea = {
    copy: async (file, name, byteLength = file.byteLength) => {
      const target = await inside(name);
      if (file.byteOffset !== undefined) return copyStretch(file, target, byteLength);
      await copyFile(file.path, target, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
      // The copy of a read-only file is read-only too, and it may have to be patched.
      await chmod(target, 0o644);
      if (byteLength < file.byteLength) await truncate(target, byteLength);
    },
    write: async (name, chunks) => {
      const handle = await open(await inside(name), 'wx');
      try {
        let end = 0;
        for await (const chunk of chunks) {
          if (isInterrupted()) return;
          end = await writeBytes(handle, chunk, end);
        }
      } finally {
        await handle.close();
      }
    },
    patch: async (name, byteOffset, bytes) => {
      let handle = patched.get(name);
      if (handle === undefined) {
        handle = await open(join(staging, name), 'r+');
        patched.set(name, handle);
      }
      await writePiece(handle, bytes, byteOffset);
    },
    buildHdf5: async (name, build) => buildHdf5(await inside(name), join(shown, name), build),
    editHdf5: (name, edit) => editHdf5(join(staging, name), join(shown, name), edit),
    renameInHdf5: async (name, renamings) => renameInHdf5(join(staging, name), join(shown, name), renamings),
    writeZip: async (name, members) => {
      await area.close();
      await writeZip(await inside(name), members, (staged) => join(staging, staged));
    },
    byteLength: async (name) => (await stat(join(staging, name))).size,
    close: async () => {
      for (const handle of patched.values()) await handle.close();
      patched.clear();
    },
  };
  return area;
}
