import { constants, readSync } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { inputError } from '../../errors.js';
import type { FoundFile, OpenFile } from '../storage.js';
import { fileChanged } from '../storage-errors.js';
import { fileSystemReason } from './file-system-errors.js';
import { isSmall, runSync } from './run-sync.js';

/** Opens a file that was found, or the stretch of one, for many reads. */
export async function openFile(file: FoundFile): Promise<OpenFile> {
  const handle = await openHandle(file);
  const { byteOffset: start = 0 } = file;
  return {
    read: async (byteOffset, byteLength, into = new Uint8Array(byteLength)) => {
      // Behind a stretch lies something else.
      if (file.byteOffset !== undefined && byteOffset + byteLength > file.byteLength) throw fileChanged(file);
      const bytes = into.subarray(0, byteLength);
      try {
        for (let done = 0; done < byteLength; ) {
          const place = [bytes, done, byteLength - done, start + byteOffset + done] as const;
          const bytesRead = isSmall(byteLength)
            ? await runSync(() => readSync(handle.fd, ...place))
            : (await handle.read(...place)).bytesRead;
          if (bytesRead === 0) throw fileChanged(file);
          done += bytesRead;
        }
      } catch (error) {
        throw unreadable(file.path, error);
      }
      return bytes;
    },
    close: () => closeRead(handle),
  };
}

/** Opens a file for as long as `use` runs. */
export async function withHandle<T>(file: FoundFile, use: (descriptor: number) => Promise<T> | T): Promise<T> {
  const handle = await openHandle(file);
  try {
    return await use(handle.fd);
  } catch (error) {
    throw unreadable(file.path, error);
  } finally {
    await closeRead(handle);
  }
}

/** Closes a file that was read; errors of closing do not matter then. */
export const closeRead = (handle: FileHandle): Promise<void> => handle.close().catch(() => {});

/** @throws RetrofitError `input-changed` if the file is no longer the one that was found */
export async function ensureUnchanged(file: FoundFile): Promise<void> {
  const facts = await stat(file.path).catch(() => undefined);
  if (facts === undefined || identityOf(facts) !== file.identity) throw fileChanged(file);
}

/** Returns the fields that change when a file does; `ctimeMs` also when a program sets the time back. */
export const identityOf = (facts: Record<'dev' | 'ino' | 'size' | 'mtimeMs' | 'ctimeMs', number>): string =>
  `${facts.dev}:${facts.ino}:${facts.size}:${facts.mtimeMs}:${facts.ctimeMs}`;

export function unreadable(path: string, error: unknown): unknown {
  const reason = fileSystemReason(error);
  if (reason === undefined) return error;
  return inputError('unreadable', `cannot be read: ${reason}`, {
    where: { file: path },
    hint: 'check the file and its permissions',
  });
}

async function openHandle(file: FoundFile): Promise<FileHandle> {
  // Not blocking: were the file swapped for a pipe, opening it would wait for ever.
  const noFollow = file.isNoLink ? (constants.O_NOFOLLOW ?? 0) : 0;
  return open(file.path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | noFollow).catch((error) => {
    if (file.isNoLink && error?.code === 'ELOOP') throw fileChanged(file);
    throw unreadable(file.path, error);
  });
}
