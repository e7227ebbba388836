import { randomUUID } from 'node:crypto';
import { readdirSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { outputError, RetrofitError } from '../../errors.js';
import type { FoundFile } from '../storage.js';
import { fileSystemReason, isFull } from './file-system-errors.js';
import { beginOwner, isDead } from './pending-output/hidden-names.js';
import { beginUnfinished, isInterrupted } from './unfinished.js';
import { writeBytes } from './write-bytes.js';

const temporaryFiles = new Set<string>();

const PREFIX = 'se-retrofit-';
const OWNER = beginOwner();
const UUID_LENGTH = '-'.length + 36;

/**
 * Unpacks a member into a file that only this user can read, in the system's temporary folder. It goes when the process
 * ends, also by a signal that the command line handles.
 * @param find describes the finished file
 * @throws RetrofitError `cannot-write`, and what `chunks` throws; then nothing is left
 */
export async function unpackTemporarily(
  archive: FoundFile,
  chunks: AsyncIterable<Uint8Array>,
  find: (path: string) => Promise<FoundFile>,
): Promise<FoundFile> {
  const folder = tmpdir();
  removeDeadFiles();
  const path = join(folder, `${PREFIX}${OWNER}-${randomUUID()}`);
  keepUntilExit(path);
  const writing = write(path, chunks);
  // An interrupt waits for the step that runs: a file that is still being made would come after it was removed.
  const end = beginUnfinished(() => writing.catch(() => {}));
  try {
    await writing;
  } catch (error) {
    remove(path);
    throw asOutputError(archive, error);
  } finally {
    end();
  }
  // The process is ending, and the file may be incomplete.
  if (isInterrupted()) return new Promise(() => {});
  return find(path);
}

async function write(path: string, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    let end = 0;
    for await (const chunk of chunks) {
      if (isInterrupted()) return;
      end = await writeBytes(file, chunk, end);
    }
  } finally {
    await file.close();
  }
}

function asOutputError(archive: FoundFile, error: unknown): unknown {
  const reason = fileSystemReason(error);
  if (error instanceof RetrofitError || reason === undefined) return error;
  return outputError('cannot-write', `the weights cannot be unpacked into the folder ${tmpdir()}: ${reason}`, {
    where: { file: archive.path },
    hint: `${isFull(error) ? 'make room there, or ' : ''}name another folder in the environment variable TMPDIR`,
  });
}

/** Removes what killed runs left: weights of models. */
export function removeDeadFiles(): void {
  const folder = tmpdir();
  try {
    for (const name of readdirSync(folder)) {
      if (name.startsWith(PREFIX) && isDead(name.slice(PREFIX.length, -UUID_LENGTH))) remove(join(folder, name));
    }
  } catch {
    // Another user's, or nothing to read: no obstacle to the work.
  }
}

/** One listener for all files: Node warns of more than ten. */
function keepUntilExit(path: string): void {
  if (temporaryFiles.size === 0) process.on('exit', removeAll);
  temporaryFiles.add(path);
}

function removeAll(): void {
  for (const path of temporaryFiles) remove(path);
}

function remove(path: string): void {
  temporaryFiles.delete(path);
  if (temporaryFiles.size === 0) process.off('exit', removeAll);
  try {
    rmSync(path, { force: true });
  } catch {
    // It was never made, or its folder is gone.
  }
}
