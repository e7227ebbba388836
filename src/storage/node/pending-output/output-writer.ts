import { constants } from 'node:fs';
import { chmod, copyFile, mkdir, stat, truncate } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CHUNK_BYTES } from '../../../limits.js';
import type { PendingOutput } from '../../storage.js';
import { type FileWindow, openWindow, type WritePlace } from '../file-window.js';
import { buildHdf5, editHdf5, renameInHdf5 } from '../hdf5/change-hdf5.js';
import { interruption, isInterrupted } from '../unfinished.js';
import { writeZip } from '../zip/zip-writer.js';
import { copyStretch } from './copy-stretch.js';
import { type EarlySync, makeEarlySync } from './sync.js';

type FileSteps = Pick<
  PendingOutput,
  'copy' | 'write' | 'patch' | 'buildHdf5' | 'editHdf5' | 'renameInHdf5' | 'writeZip' | 'byteLength'
>;

export interface OutputWriter extends FileSteps {
  /** Closes files that are still open. */
  close(): Promise<void>;
  /** Syncs of files that began while others were written. */
  readonly early: EarlySync;
}

/** Makes the writer of an output's files, while it is built in a hidden folder. */
export function makeOutputWriter(hidden: string, shown: string): OutputWriter {
  const early = makeEarlySync();

  // Files that are made within an archive.
  const members = new Map<string, WritePlace>();
  const placeOf = async (name: string): Promise<WritePlace> => {
    const member = members.get(name);
    if (member !== undefined) return member;
    const path = join(hidden, name);
    if (dirname(path) !== hidden) await mkdir(dirname(path), { recursive: true });
    return { path, shown: join(shown, name), grew: (byteLength) => early.grew(path, byteLength) };
  };

  // A model has thousands of tensors to patch in a few files.
  const patched = new Map<string, FileWindow>();

  const area: OutputWriter = {
    copy: async (file, name, byteLength = file.byteLength) => {
      const target = await placeOf(name);
      if ((file.byteOffset ?? target.byteOffset) !== undefined) await copyStretch(file, target, byteLength);
      else {
        await copyFile(file.path, target.path, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
        // The copy of a read-only file is read-only too, and may have to be patched: it gets the mode of a new file.
        await chmod(target.path, 0o666 & ~process.umask());
        if (byteLength < file.byteLength) await truncate(target.path, byteLength);
      }
      if (byteLength >= CHUNK_BYTES) early.begin(target.path);
    },
    write: async (name, chunks) => {
      const handle = await openWindow(await placeOf(name), true);
      try {
        let end = 0;
        for await (const chunk of chunks) {
          if (isInterrupted()) return;
          end = await handle.write(chunk, end);
        }
      } finally {
        await handle.close();
      }
    },
    patch: async (name, byteOffset, bytes) => {
      let handle = patched.get(name);
      if (handle === undefined) {
        handle = await openWindow(await placeOf(name), false);
        patched.set(name, handle);
      }
      await handle.write(bytes, byteOffset);
    },
    buildHdf5: async (name, build) => buildHdf5(await placeOf(name), build),
    editHdf5: async (name, edit) => editHdf5(await placeOf(name), edit),
    renameInHdf5: async (name, renamings) => renameInHdf5(await placeOf(name), renamings),
    writeZip: async (name, newMembers) => {
      const archive = await placeOf(name);
      await writeZip(archive.path, newMembers, async (member, build, place) => {
        const pending = join(name, member);
        members.set(pending, { ...archive, ...place });
        await Promise.race([build(pending), interruption]);
        await area.close();
        members.delete(pending);
      });
    },
    byteLength: async (name) => (await stat((await placeOf(name)).path)).size,
    close: async () => {
      for (const handle of patched.values()) await handle.close();
      patched.clear();
    },
    early,
  };
  return area;
}
