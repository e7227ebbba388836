import { closeSync, constants, openSync } from 'node:fs';
import { chmod, copyFile, type FileHandle, mkdir, open, readdir, rm, stat, truncate } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { outputError, RetrofitError, usageError } from '../../errors.js';
import type { Hdf5Editor } from '../hdf5.js';
import type { FoundFile, StagedOutput } from '../storage.js';
import { copyStretch } from './copy-stretch.js';
import { fileSystemReason } from './file-system-errors.js';
import { removeFolders } from './new-folders.js';
import { renameEntries } from './symbol-tables.js';
import { beginUnfinished, isInterrupted } from './unfinished.js';
import { writeBytes } from './write-bytes.js';
import { writeZip } from './zip-writer.js';

/** What is particular to an output: how it begins, appears, and goes when the process ends without waiting. */
export interface Staging {
  /** The output as people are told. */
  readonly output: string;
  /** The hidden folder in which it is built. */
  readonly folder: string;
  /** Makes sure that the output may appear, and notes the folders that are made for it. */
  readonly prepare: (made: string[]) => Promise<void>;
  /** Makes all of it appear. */
  readonly publish: () => Promise<void>;
  /** Takes everything away at once. */
  readonly abandon: () => void;
}

/** Starts an output in a hidden folder. See {@link StagedOutput}. */
export async function stageOutput({
  output,
  folder: staging,
  prepare,
  publish,
  abandon,
}: Staging): Promise<StagedOutput> {
  const made: string[] = [];
  let step: Promise<unknown> = Promise.resolve();
  const guard = <T>(work: () => Promise<T>): Promise<T> => {
    // The process is ending: nothing begins any more.
    if (isInterrupted()) return new Promise(() => {});
    const result = reportingFailure(output, work);
    step = result.catch(() => {});
    return result;
  };
  const withdraw = async () => {
    await step;
    // What cannot be removed now, the next run clears; why the work failed matters more.
    await closePatched().catch(() => {});
    await rm(staging, { recursive: true, force: true }).catch(() => {});
    await removeFolders(made);
    end();
  };
  const endUnfinished = beginUnfinished(withdraw);
  // Where the process ends without waiting, for a second interrupt or a defect of ours, most of it goes even so.
  const onExit = () => {
    try {
      abandon();
    } catch {
      // The next run clears it.
    }
  };
  process.once('exit', onExit);
  const end = () => {
    endUnfinished();
    process.off('exit', onExit);
  };

  const inside = async (name: string): Promise<string> => {
    const target = join(staging, name);
    if (dirname(target) !== staging) await mkdir(dirname(target), { recursive: true });
    return target;
  };

  // A model has thousands of tensors to patch in a few files.
  const patched = new Map<string, FileHandle>();
  const closePatched = async () => {
    for (const handle of patched.values()) await handle.close();
    patched.clear();
  };

  /** Runs the library over a staged file, for as long as `use` runs. */
  const withEditor = async (name: string, flags: 'r+' | 'wx+', use: (editor: Hdf5Editor) => Promise<void>) => {
    const { withHdf5Editor } = await import('./with-hdf5.js');
    const descriptor = openSync(await inside(name), flags);
    try {
      await withHdf5Editor({ descriptor, byteOffset: 0, byteLength: undefined }, name, flags === 'wx+', use);
    } finally {
      closeSync(descriptor);
    }
  };

  try {
    await guard(async () => {
      await prepare(made);
      await rm(staging, { recursive: true, force: true });
      await mkdir(staging);
    });
  } catch (error) {
    await withdraw();
    throw error;
  }

  return {
    copy: (file: FoundFile, name, byteLength = file.byteLength) =>
      guard(async () => {
        const target = await inside(name);
        if (file.byteOffset !== undefined) return copyStretch(file, target, byteLength);
        await copyFile(file.path, target, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
        // The copy of a read-only file is read-only too, and it may have to be patched.
        await chmod(target, 0o644);
        if (byteLength < file.byteLength) await truncate(target, byteLength);
      }),
    write: (name, chunks) =>
      guard(async () => {
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
      }),
    patch: (name, byteOffset, bytes) =>
      guard(async () => {
        let handle = patched.get(name);
        if (handle === undefined) {
          handle = await open(join(staging, name), 'r+');
          patched.set(name, handle);
        }
        await writeBytes(handle, bytes, byteOffset);
      }),
    buildHdf5: (name, build) => guard(() => withEditor(name, 'wx+', build)),
    editHdf5: (name, edit) => guard(() => withEditor(name, 'r+', edit)),
    renameInHdf5: (name, renamings) =>
      guard(async () => {
        const descriptor = openSync(join(staging, name), 'r+');
        try {
          const window = { descriptor, byteOffset: 0, byteLength: undefined };
          for (const renaming of renamings) renameEntries(window, renaming);
        } finally {
          closeSync(descriptor);
        }
      }),
    writeZip: (name, members) =>
      guard(async () => {
        await closePatched();
        await writeZip(await inside(name), members, (staged) => join(staging, staged));
      }),
    byteLength: (name) => guard(async () => (await stat(join(staging, name))).size),
    commit: () =>
      guard(async () => {
        await closePatched();
        for (const entry of await readdir(staging, { withFileTypes: true, recursive: true })) {
          await sync(join(entry.parentPath, entry.name));
        }
        await sync(staging);
        await publish();
        end();
      }),
    discard: withdraw,
  };
}

/** Waits until a file or folder has reached the disk. */
export async function sync(path: string): Promise<void> {
  if (!(await stat(path)).isFile() && process.platform === 'win32') return;
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

export const taken = (output: string) =>
  usageError('output-exists', 'the output exists already', {
    where: { file: output },
    hint: 'give another name with -o, or --force to replace it',
  });

async function reportingFailure<T>(output: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const reason = fileSystemReason(error);
    if (error instanceof RetrofitError || reason === undefined) throw error;
    throw outputError('cannot-write', `the output cannot be written: ${reason}`, {
      where: { file: output },
      hint: 'nothing was left behind; make room or choose another place with -o',
    });
  }
}
