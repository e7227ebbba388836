import { existsSync, renameSync, rmSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { PendingOutput } from '../../storage.js';
import { outputTaken } from '../../storage-errors.js';
import { isMissing, isTaken } from '../file-system-errors.js';
import { beginOwner, hiddenName, listDead } from './hidden-names.js';
import { beginPending, exists } from './pending-output.js';

/** Starts an output folder beside its place. See {@link PendingOutput}. */
export function beginFolder(output: string, replace: boolean): Promise<PendingOutput> {
  const path = resolve(output);
  const owner = beginOwner();
  const hidden = hiddenName(path, 'new', owner);
  return beginPending({
    kind: 'folder',
    path,
    shown: output,
    shownFolder: output,
    folder: dirname(path),
    hidden,
    owner,
    prepare: async () => {
      recoverFolder(path);
      if (!replace && (await exists(path))) throw outputTaken(output);
    },
    moveIntoPlace: () => moveIntoPlace(path, output, owner, replace),
    recover: () => recover(path, owner),
  });
}

/** Puts right what killed runs left beside an output folder. */
export function recoverFolder(path: string): void {
  for (const owner of listDead(path)) recover(path, owner);
}

/** Removes what a run left beside an output, and puts back an output that was on its way to be replaced. */
function recover(path: string, owner: string): void {
  const old = hiddenName(path, 'old', owner);
  if (existsSync(old) && !existsSync(path)) {
    try {
      renameSync(old, path);
    } catch (error) {
      // Another run puts it right at the same time.
      if (!isMissing(error) && !isTaken(error)) throw error;
    }
  }
  for (const left of [hiddenName(path, 'new', owner), old]) rmSync(left, { recursive: true, force: true });
}

async function moveIntoPlace(path: string, output: string, owner: string, replace: boolean): Promise<void> {
  const old = hiddenName(path, 'old', owner);
  const isMovedAway = replace && (await moveAway(path, old));
  try {
    await rename(hiddenName(path, 'new', owner), path);
  } catch (error) {
    // Another run was faster: its output stands, and it is whole.
    if (isTaken(error)) throw outputTaken(output);
    if (isMovedAway) await rename(old, path);
    throw error;
  }
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
