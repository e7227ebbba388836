import { existsSync, linkSync, lstatSync, mkdirSync, readdirSync, renameSync, rmSync, type Stats } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { StagedOutput } from '../storage.js';
import { isTaken } from './file-system-errors.js';
import { exists, hiddenName, listLeftovers } from './hidden-names.js';
import { makeFolders } from './new-folders.js';
import { stageOutput, sync, taken } from './staged-output.js';

/**
 * Starts an output of some files in a folder that may hold others. Each gets its name by a link, which never replaces
 * anything; what is to be replaced is put aside before. Whoever comes later can tell from the links how far a killed
 * run got: all files have their names, or none is left with one.
 * @param names the one that names the output last
 */
export function stageFiles(folder: string, names: readonly string[], replace: boolean): Promise<StagedOutput> {
  const output = join(folder, names.at(-1)!);
  const path = resolve(output);
  const place = dirname(path);
  const staging = hiddenName(path, 'new');
  return stageOutput({
    output,
    folder: staging,
    prepare: async (made) => {
      await makeFolders(place, made);
      for (const { processId } of await listLeftovers(path)) settle(path, processId);
      for (const name of names) if (!replace && (await exists(join(place, name)))) throw taken(join(folder, name));
    },
    publish: async () => {
      if (replace) putAside(path, place, names);
      try {
        // Without waiting between them: an interrupt comes before or after.
        for (const name of names) giveName(join(staging, name), join(place, name), output);
      } catch (error) {
        throw isTaken(error) ? taken(output) : error;
      } finally {
        settle(path, process.pid);
      }
      await sync(place);
    },
    abandon: () => settle(path, process.pid),
  });
}

function giveName(staged: string, path: string, output: string): void {
  try {
    linkSync(staged, path);
  } catch (error) {
    // Some file systems know no links; there the name may be lost to whoever takes it in between.
    if (!hasNoLinks(error)) throw error;
    if (existsSync(path)) throw taken(output);
    renameSync(staged, path);
  }
}

const hasNoLinks = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(String(error.code));

function putAside(path: string, place: string, names: readonly string[]): void {
  const old = hiddenName(path, 'old');
  mkdirSync(old);
  for (const name of names.toReversed()) {
    const file = statsOf(join(place, name));
    if (file === undefined) continue;
    if (!file.isFile()) throw taken(join(place, name));
    renameSync(join(place, name), join(old, name));
  }
}

/** Brings what a run left to an end: the new files where all have their names, the old ones otherwise. */
function settle(path: string, processId: number): void {
  const place = dirname(path);
  const staging = hiddenName(path, 'new', processId);
  const old = hiddenName(path, 'old', processId);
  const names = existsSync(staging) ? readdirSync(staging) : [];
  const published = names.filter((name) => isSameFile(join(staging, name), join(place, name)));
  if (published.length < names.length || names.length === 0) {
    for (const name of published) rmSync(join(place, name));
    for (const name of existsSync(old) ? readdirSync(old) : []) {
      if (!existsSync(join(place, name))) renameSync(join(old, name), join(place, name));
    }
  }
  // The old files first: while the new ones are there twice, it can be told that they are complete.
  rmSync(old, { recursive: true, force: true });
  rmSync(staging, { recursive: true, force: true });
}

function isSameFile(left: string, right: string): boolean {
  const [one, other] = [statsOf(left), statsOf(right)];
  return one !== undefined && other !== undefined && one.ino === other.ino && one.dev === other.dev;
}

const statsOf = (path: string): Stats | undefined => lstatSync(path, { throwIfNoEntry: false });
