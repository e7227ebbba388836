import { constants, existsSync, renameSync, rmSync } from 'node:fs';
import {
  chmod,
  copyFile,
  type FileHandle,
  lstat,
  mkdir,
  open,
  readdir,
  rename,
  rm,
  stat,
  truncate,
} from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { outputError, RetrofitError, usageError } from '../../errors.js';
import type { FoundFile, StagedOutput } from '../storage.js';
import { copyStretch } from './copy-stretch.js';
import { fileSystemReason, isMissing, isTaken } from './file-system-errors.js';
import { makeFolders, removeFolders } from './new-folders.js';
import { beginUnfinished, isInterrupted } from './unfinished.js';
import { writeZip } from './zip-writer.js';

// An output is built in a hidden folder beside its place, synced, and renamed into it. The hidden names hold the
// process id, so that what a killed run left behind can be told from what another run is building.
const STAGING = 'new';
const REPLACED = 'old';

const hiddenName = (path: string, purpose: string) =>
  join(dirname(path), `.${basename(path)}.se-retrofit-${purpose}-${process.pid}`);

/** Starts an output folder beside its place. See {@link StagedOutput}. */
export async function stageFolder(output: string, replace: boolean): Promise<StagedOutput> {
  const path = resolve(output);
  const staging = hiddenName(path, STAGING);
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
      abandon(path);
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

  try {
    await guard(async () => {
      await makeFolders(dirname(path), made);
      await clearLeftovers(path);
      if (!replace && (await exists(path))) throw taken(output);
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
          for await (const chunk of chunks) {
            if (isInterrupted()) return;
            for (let done = 0; done < chunk.byteLength; ) {
              done += (await handle.write(chunk, done, chunk.byteLength - done)).bytesWritten;
            }
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
        for (let done = 0; done < bytes.byteLength; ) {
          done += (await handle.write(bytes, done, bytes.byteLength - done, byteOffset + done)).bytesWritten;
        }
      }),
    commit: () =>
      guard(async () => {
        await closePatched();
        for (const entry of await readdir(staging, { withFileTypes: true, recursive: true })) {
          await sync(join(entry.parentPath, entry.name));
        }
        await sync(staging);
        await moveIntoPlace(staging, path, output, replace);
        await sync(dirname(path));
        end();
      }),
    discard: withdraw,
    buildHdf5: notYet,
    editHdf5: notYet,
    renameInHdf5: notYet,
    writeZip: (name, members) =>
      guard(async () => {
        await closePatched();
        await writeZip(await inside(name), members, (staged) => join(staging, staged));
      }),
    byteLength: notYet,
  };
}

function abandon(path: string): void {
  const old = hiddenName(path, REPLACED);
  if (existsSync(old) && !existsSync(path)) renameSync(old, path);
  for (const purpose of [STAGING, REPLACED]) rmSync(hiddenName(path, purpose), { recursive: true, force: true });
}

async function moveIntoPlace(staging: string, path: string, output: string, replace: boolean): Promise<void> {
  const old = hiddenName(path, REPLACED);
  const isMovedAway = replace && (await moveAway(path, old));
  try {
    await rename(staging, path);
  } catch (error) {
    // Another run was faster: its output stands, and it is whole.
    if (isTaken(error)) {
      if (isMovedAway) await rm(old, { recursive: true, force: true });
      throw taken(output);
    }
    if (isMovedAway) await rename(old, path);
    throw error;
  }
  if (isMovedAway) await rm(old, { recursive: true, force: true });
}

async function moveAway(path: string, old: string): Promise<boolean> {
  try {
    await rename(path, old);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/** Removes what killed runs left beside an output, and puts back an output that was on its way to be replaced. */
async function clearLeftovers(path: string): Promise<void> {
  const folder = dirname(path);
  const prefix = `.${basename(path)}.se-retrofit-`;
  for (const name of await readdir(folder)) {
    if (!name.startsWith(prefix)) continue;
    const [purpose, id] = name.slice(prefix.length).split('-');
    if (isAlive(Number(id))) continue;
    if (purpose === REPLACED && !(await exists(path))) await rename(join(folder, name), path);
    else await rm(join(folder, name), { recursive: true, force: true });
  }
}

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return processId !== process.pid;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

async function exists(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined)) !== undefined;
}

/** Waits until a file or folder has reached the disk. */
async function sync(path: string): Promise<void> {
  if (!(await stat(path)).isFile() && process.platform === 'win32') return;
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const taken = (output: string) =>
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

const notYet = (): never => {
  throw new Error('not yet');
};
