import { open, stat } from 'node:fs/promises';
import { mapWithConcurrency } from '../../map-with-concurrency.js';
import { isUnsupported } from '../file-system-errors.js';

/** Waits until a file or folder has reached the disk; a folder, where the file system can wait for one. */
export async function sync(path: string): Promise<void> {
  const isFolder = !(await stat(path)).isFile();
  if (isFolder && process.platform === 'win32') return;
  const handle = await open(path, 'r');
  try {
    await handle.sync().catch((error) => {
      if (!isFolder || !isUnsupported(error)) throw error;
    });
  } finally {
    await handle.close();
  }
}

/** Files to sync at the same time: 500 files take 0.2 s instead of 0.9 s. */
const SYNCS_AT_ONCE = 4;

export const syncAll = (paths: readonly string[]): Promise<void> => mapWithConcurrency(paths, SYNCS_AT_ONCE, sync);

/** Syncs files to the disk while others are written. */
export interface EarlySync {
  /** Begins with a file that is complete but for a few bytes: later changes have to be synced again. */
  begin(path: string): void;
  /** Begins with what a file holds so far whenever so much was written to it that the disk has work. */
  grew(path: string, byteLength: number): void;
  /** Waits for all; the disk reports a failure only once. */
  end(): Promise<void>;
  /** Begins no more, and waits for those that are under way. */
  cancel(): Promise<void>;
}

/** Leaves threads for the work: Node has four for the file system. */
const EARLY_AT_ONCE = 2;

/** Bytes that a disk writes while as many are computed and copied. */
const EARLY_BYTES = 16 * 1024 * 1024;

export function makeEarlySync(): EarlySync {
  const rows: Promise<void>[] = Array.from({ length: EARLY_AT_ONCE }, () => Promise.resolve());
  let count = 0;
  let isCancelled = false;
  const unsynced = new Map<string, number>();
  const begin = (path: string): void => {
    const row = count % EARLY_AT_ONCE;
    count += 1;
    const syncing = rows[row]!.then(() => (isCancelled ? undefined : sync(path)));
    syncing.catch(() => {});
    rows[row] = syncing;
  };
  return {
    begin,
    grew: (path, byteLength) => {
      const grown = (unsynced.get(path) ?? 0) + byteLength;
      unsynced.set(path, grown % EARLY_BYTES);
      if (grown >= EARLY_BYTES) begin(path);
    },
    end: async () => {
      await Promise.all(rows);
    },
    cancel: async () => {
      isCancelled = true;
      await Promise.allSettled(rows);
    },
  };
}
