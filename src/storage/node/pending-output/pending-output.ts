import { lstat, mkdir, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { outputError } from '../../../errors.js';
import type { PendingOutput } from '../../storage.js';
import { fileSystemReason, isMissing } from '../file-system-errors.js';
import { unwritable } from '../file-window.js';
import { announceRemains, beginUnfinished, isInterrupted, type Remains } from '../unfinished.js';
import { endOwner } from './hidden-names.js';
import { makeFolders, removeFolders } from './new-folders.js';
import { makeOutputWriter } from './output-writer.js';
import { sync, syncAll } from './sync.js';

/** The place of an output that is built in a hidden folder, and the steps that move it there. */
export interface PendingPlace {
  readonly kind: Remains['kind'];
  /** Where the output appears; of several files, the last. */
  readonly path: string;
  /** The name for messages. */
  readonly shown: string;
  /** The folder of its files, for messages. */
  readonly shownFolder: string;
  /** The folder that the output appears in. */
  readonly folder: string;
  /** The hidden folder in it where the output is built. */
  readonly hidden: string;
  /** In whose name it is hidden; see `beginOwner`. */
  readonly owner: string;
  /** Recovers the outputs of killed runs; refuses outputs that cannot be replaced. */
  prepare(): Promise<void>;
  /** Moves the output into place; a replaced one is only moved away. */
  moveIntoPlace(): Promise<void>;
  /** Keeps the new output if it is in its place, else the old one; then nothing is hidden any more. */
  recover(): void;
}

/** Starts an output. See {@link PendingOutput}. */
export async function beginPending(place: PendingPlace): Promise<PendingOutput> {
  const { shown, folder, hidden } = place;
  const made: string[] = [];
  const steps = new Set<Promise<unknown>>();
  const guard = async <T>(work: () => Promise<T>): Promise<T> => {
    // The process is ending: nothing new begins, and results of work in progress reach nobody.
    if (isInterrupted()) return never();
    const result = work().catch((error) => {
      throw unwritable(shown, error);
    });
    steps.add(result);
    try {
      return await result;
    } catch (error) {
      return isInterrupted() ? never() : Promise.reject(error);
    } finally {
      steps.delete(result);
    }
  };
  const area = makeOutputWriter(hidden, place.shownFolder);
  const rollback = async () => {
    await Promise.allSettled(steps);
    await area.close().catch(() => {});
    await area.early.cancel();
    recover();
    await removeFolders(made);
    end();
  };
  const endUnfinished = beginUnfinished(rollback);
  const recover = () => {
    try {
      place.recover();
    } catch {
      // The next run does it.
    }
  };
  // Where the process ends without waiting, for a second interrupt or a defect of ours, most of it goes even so.
  process.once('exit', recover);
  const end = () => {
    endUnfinished();
    endOwner(place.owner);
    process.off('exit', recover);
  };

  try {
    await guard(async () => {
      await makeFolders(folder, made);
      announceRemains({ kind: place.kind, path: place.path, made });
      await place.prepare();
      await mkdir(hidden);
    });
  } catch (error) {
    await rollback();
    throw error;
  }

  const commit = async () => {
    await area.close();
    await area.early.end();
    const entries = await readdir(hidden, { withFileTypes: true, recursive: true });
    await syncAll(entries.map((entry) => join(entry.parentPath, entry.name)));
    await sync(hidden);
    await place.moveIntoPlace();
    // The replaced output is removed when the new one is sure to be there.
    await confirming(shown, async () => {
      for (const each of made) await sync(dirname(each));
      await sync(folder);
    });
    recover();
    end();
  };

  return {
    folder: hidden,
    copy: (file, name, byteLength) => guard(() => area.copy(file, name, byteLength)),
    write: (name, chunks) => guard(() => area.write(name, chunks)),
    patch: (name, byteOffset, bytes) => guard(() => area.patch(name, byteOffset, bytes)),
    buildHdf5: (name, build) => guard(() => area.buildHdf5(name, build)),
    editHdf5: (name, edit) => guard(() => area.editHdf5(name, edit)),
    renameInHdf5: (name, renamings) => guard(() => area.renameInHdf5(name, renamings)),
    writeZip: (name, members) => guard(() => area.writeZip(name, members)),
    byteLength: (name) => guard(() => area.byteLength(name)),
    commit: () =>
      guard(commit).catch(async (error) => {
        await rollback();
        throw error;
      }),
    discard: rollback,
  };
}

/** The output has its place already when this fails. */
async function confirming(output: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const reason = fileSystemReason(error);
    if (reason === undefined) throw error;
    throw outputError('not-durable', `the output is in its place, but the disk does not confirm it: ${reason}`, {
      where: { file: output },
      hint: 'check the disk, then the output with se-retrofit verify',
    });
  }
}

const never = (): Promise<never> => new Promise(() => {});

export async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}
