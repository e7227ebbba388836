import { existsSync, renameSync, rmSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { StagedOutput } from '../storage.js';
import { isMissing, isTaken } from './file-system-errors.js';
import { exists, hiddenName, listLeftovers } from './hidden-names.js';
import { makeFolders } from './new-folders.js';
import { stageOutput, sync, taken } from './staged-output.js';

/** Starts an output folder beside its place: it is renamed into it as a whole. */
export function stageFolder(output: string, replace: boolean): Promise<StagedOutput> {
  const path = resolve(output);
  const staging = hiddenName(path, 'new');
  return stageOutput({
    output,
    folder: staging,
    prepare: async (made) => {
      await makeFolders(dirname(path), made);
      await clearLeftovers(path);
      if (!replace && (await exists(path))) throw taken(output);
    },
    publish: async () => {
      await moveIntoPlace(staging, path, output, replace);
      await sync(dirname(path));
    },
    abandon: () => abandon(path),
  });
}

function abandon(path: string): void {
  const old = hiddenName(path, 'old');
  if (existsSync(old) && !existsSync(path)) renameSync(old, path);
  for (const purpose of ['new', 'old'] as const) rmSync(hiddenName(path, purpose), { recursive: true, force: true });
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
  for (const { leftover, purpose } of await listLeftovers(path)) {
    if (purpose === 'old' && !(await exists(path))) await rename(leftover, path);
    else await rm(leftover, { recursive: true, force: true });
  }
}
