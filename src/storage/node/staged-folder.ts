import { existsSync, renameSync, rmSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { StagedOutput } from '../storage.js';
import { outputTaken } from '../storage-errors.js';
import { isMissing, isTaken } from './file-system-errors.js';
import { hiddenName, listDead } from './hidden-names.js';
import { exists, stageOutput } from './staged-output.js';

/** Starts an output folder beside its place. See {@link StagedOutput}. */
export function stageFolder(output: string, replace: boolean): Promise<StagedOutput> {
  const path = resolve(output);
  const staging = hiddenName(path, 'new');
  return stageOutput({
    shown: output,
    shownFolder: output,
    folder: dirname(path),
    staging,
    prepare: async () => {
      for (const processId of listDead(path)) putRight(path, processId);
      if (!replace && (await exists(path))) throw outputTaken(output);
    },
    moveIntoPlace: () => moveIntoPlace(staging, path, output, replace),
    abandon: () => putRight(path, process.pid),
  });
}

/** Removes what a run left beside an output, and puts back an output that was on its way to be replaced. */
function putRight(path: string, processId: number): void {
  const old = hiddenName(path, 'old', processId);
  if (existsSync(old) && !existsSync(path)) renameSync(old, path);
  for (const left of [hiddenName(path, 'new', processId), old]) rmSync(left, { recursive: true, force: true });
}

async function moveIntoPlace(staging: string, path: string, output: string, replace: boolean): Promise<void> {
  const old = hiddenName(path, 'old');
  const isMovedAway = replace && (await moveAway(path, old));
  try {
    await rename(staging, path);
  } catch (error) {
    // Another run was faster: its output stands, and it is whole.
    if (isTaken(error)) {
      if (isMovedAway) await rm(old, { recursive: true, force: true });
      throw outputTaken(output);
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
