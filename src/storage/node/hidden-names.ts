import { lstat, readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

// An output is built in a hidden folder beside its place, synced, and renamed into it. The hidden names hold the
// process id, so that what a killed run left behind can be told from what another run is building.
export type Purpose = 'new' | 'old';

export const hiddenName = (path: string, purpose: Purpose, processId: number = process.pid): string =>
  join(dirname(path), `.${basename(path)}.se-retrofit-${purpose}-${processId}`);

/** What runs that are no more left beside an output. */
export async function listLeftovers(
  path: string,
): Promise<readonly { readonly leftover: string; readonly purpose: string; readonly processId: number }[]> {
  const folder = dirname(path);
  const prefix = `.${basename(path)}.se-retrofit-`;
  return (await readdir(folder)).flatMap((name) => {
    if (!name.startsWith(prefix)) return [];
    const [purpose, id] = name.slice(prefix.length).split('-');
    const processId = Number(id);
    return isAlive(processId) ? [] : [{ leftover: join(folder, name), purpose: purpose!, processId }];
  });
}

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return processId !== process.pid;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

export async function exists(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined)) !== undefined;
}
