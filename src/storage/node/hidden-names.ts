import { readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

// An output is built in a hidden folder beside its place, synced, and renamed into it. The hidden names hold the
// process id, so that what a killed run left behind can be told from what another run is building.

/** What a hidden folder holds: an output that is being built, or the one that it replaces. */
export type HiddenPurpose = 'new' | 'old';

/** The hidden folder of a process beside the place of an output. */
export const hiddenName = (path: string, purpose: HiddenPurpose, processId: number = process.pid): string =>
  join(dirname(path), `.${basename(path)}.se-retrofit-${purpose}-${processId}`);

/** The processes that left hidden folders beside an output and are no more. */
export function listDead(path: string): readonly number[] {
  const prefix = `.${basename(path)}.se-retrofit-`;
  const ids = readdirSync(dirname(path))
    .filter((name) => name.startsWith(prefix))
    .map((name) => Number(/^(?:new|old)-(\d+)$/.exec(name.slice(prefix.length))?.[1]))
    .filter((id) => Number.isInteger(id) && !isAlive(id));
  return [...new Set(ids)];
}

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return processId !== process.pid;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
