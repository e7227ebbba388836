import { constants } from 'node:fs';
import { chmod, copyFile, type FileHandle, mkdir, open, stat, truncate } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CHUNK_BYTES } from '../../limits.js';
import type { FoundFile, StagedOutput } from '../storage.js';
import { openFile } from './open-file.js';
import { buildHdf5, editHdf5 } from './open-hdf5.js';
import { renameInHdf5 } from './rename-in-hdf5.js';
import { isInterrupted } from './unfinished.js';

type FileSteps = Pick<
  StagedOutput,
  'copy' | 'write' | 'patch' | 'buildHdf5' | 'editHdf5' | 'renameInHdf5' | 'byteLength'
>;

export interface StagingArea extends FileSteps {
  /** Closes what is still open. */
  close(): Promise<void>;
}

/** A stretch of a file goes through Node: only whole files are copied by the kernel. */
const PIECE_BYTES = 8 * CHUNK_BYTES;

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
      if (file.byteOffset !== undefined) return area.write(name, readStretch(file, byteLength));
      const target = await inside(name);
      await copyFile(file.path, target, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
      // The copy of a read-only file is read-only too, and it may have to be patched.
      await chmod(target, 0o644);
      if (byteLength < file.byteLength) await truncate(target, byteLength);
    },
    write: async (name, chunks) => {
      const handle = await open(await inside(name), 'wx');
      try {
        for await (const chunk of chunks) {
          if (isInterrupted()) return;
          for (let done = 0; done < chunk.byteLength; ) {
            done += (await handle.write(chunk, done, chunk.byteLength - done)).bytesWritten;
          }
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
      for (let done = 0; done < bytes.byteLength; ) {
        done += (await handle.write(bytes, done, bytes.byteLength - done, byteOffset + done)).bytesWritten;
      }
    },
    buildHdf5: async (name, build) => buildHdf5(await inside(name), join(shown, name), build),
    editHdf5: (name, edit) => editHdf5(join(staging, name), join(shown, name), edit),
    renameInHdf5: async (name, renamings) => renameInHdf5(join(staging, name), join(shown, name), renamings),
    byteLength: async (name) => (await stat(join(staging, name))).size,
    close: async () => {
      for (const handle of patched.values()) await handle.close();
      patched.clear();
    },
  };
  return area;
}

async function* readStretch(file: FoundFile, byteLength: number): AsyncGenerator<Uint8Array> {
  const opened = await openFile(file);
  try {
    for (let done = 0; done < byteLength; ) {
      const piece = await opened.read(done, Math.min(PIECE_BYTES, byteLength - done));
      yield piece;
      done += piece.byteLength;
    }
  } finally {
    await opened.close();
  }
}
