import { type BigIntStats, lstatSync, readdirSync, readFileSync, renameSync, rmSync, unlinkSync } from 'node:fs';
import { link, lstat, mkdir, rename, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { usageError } from '../../../errors.js';
import type { PendingOutput } from '../../storage.js';
import { outputTaken } from '../../storage-errors.js';
import { isLinkless, isMissing, isTaken } from '../file-system-errors.js';
import { beginOwner, hiddenName, listDead } from './hidden-names.js';
import { beginPending, exists } from './pending-output.js';
import { sync } from './sync.js';

/** Content of a file that reserves a place where files cannot be linked. */
const PLACEHOLDER = 'se-retrofit writes here';

/** Starts files that appear in a folder which may hold others, the last one last. See {@link PendingOutput}. */
export function beginFiles(folder: string, names: readonly string[], replace: boolean): Promise<PendingOutput> {
  const last = names.at(-1);
  if (last === undefined || names.some((name) => /[/\\]|^\.*$/.test(name))) throw new Error('no names of files');
  const path = resolve(folder, last);
  const paths = names.map((name) => resolve(folder, name));
  const owner = beginOwner();
  const hidden = hiddenName(path, 'new', owner);
  return beginPending({
    kind: 'files',
    path,
    shown: join(folder, last),
    shownFolder: folder,
    folder: dirname(path),
    hidden,
    owner,
    prepare: async () => {
      recoverFiles(path);
      for (const place of paths) await ensureFree(place, replace);
    },
    moveIntoPlace: async () => {
      for (const place of paths) await ensureFree(place, replace);
      await (replace && names.length === 1 ? rename(join(hidden, last), path) : moveAll(path, names, owner, replace));
    },
    recover: () => recover(path, owner),
  });
}

/** @throws RetrofitError `output-exists` for a file that may not be replaced, or a path that is no ordinary file */
async function ensureFree(path: string, replace: boolean): Promise<void> {
  const facts = await lstat(path).catch((error) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
  if (facts === undefined) return;
  if (!facts.isFile()) {
    throw usageError('output-exists', 'a folder, link or device stands where the output should be', {
      where: { file: path },
      hint: 'give another name with -o: only ordinary files are replaced',
    });
  }
  if (!replace) throw outputTaken(path);
}

/**
 * The old files go away beginning with the last, which names the others; the new ones come in the given order. Wherever
 * this is cut off, `recover` finds which of the two outputs was to stand.
 */
async function moveAll(path: string, names: readonly string[], owner: string, replace: boolean): Promise<void> {
  const folder = dirname(path);
  const hidden = hiddenName(path, 'new', owner);
  const old = hiddenName(path, 'old', owner);
  for (const name of names) {
    if (!(await exists(join(hidden, name)))) throw new Error(`${name} was never written`);
  }
  await mkdir(old);
  for (const name of replace ? names.toReversed() : []) {
    if (await exists(join(folder, name))) await rename(join(folder, name), join(old, name));
  }
  const placed: string[] = [];
  try {
    for (const name of names) {
      if (name === names.at(-1)) await sync(folder);
      await appear(join(hidden, name), join(folder, name));
      placed.push(name);
    }
  } catch (error) {
    // One that was moved instead of linked leaves nothing that would tell whose it is.
    for (const name of placed) {
      if (!(await exists(join(hidden, name)))) await rename(join(folder, name), join(hidden, name));
    }
    throw error;
  }
}

/** Gives a file a place, and never takes one that is not free, not even in a race. */
async function appear(pending: string, place: string): Promise<void> {
  try {
    await link(pending, place).catch(async (error) => {
      if (!isLinkless(error)) throw error;
      // No links here (exFAT, some network folders): a file of ours holds the place.
      await writeFile(place, PLACEHOLDER, { flag: 'wx' });
      await rename(pending, place);
    });
  } catch (error) {
    // Another run was faster: its output stands.
    throw isTaken(error) ? outputTaken(place) : error;
  }
}

/** Puts right what killed runs left beside output files, of which this is the last. */
export function recoverFiles(path: string): void {
  for (const owner of listDead(path)) recover(path, owner);
}

/**
 * Completes the output of a run that was cut off: the new one if its last file has its place, else the old one. Then
 * removes the run's hidden folders. Only where files cannot be linked, a run killed between two of several new files
 * may leave the first of them; the last is never among these.
 */
function recover(path: string, owner: string): void {
  const folder = dirname(path);
  const last = basename(path);
  const hidden = hiddenName(path, 'new', owner);
  const old = hiddenName(path, 'old', owner);
  // The old files' folder is made when all new ones are complete: one that is missing has been moved to its place.
  const isMoving = factsOf(old) !== undefined;
  const isNew = (name: string): boolean => {
    const placed = factsOf(join(folder, name));
    const pending = factsOf(join(hidden, name));
    if (placed === undefined || pending === undefined) return placed !== undefined && isMoving;
    return (placed.ino === pending.ino && placed.dev === pending.dev) || isPlaceholder(join(folder, name));
  };
  const isDone = isNew(last) && !isPlaceholder(path);
  const oldNames = namesIn(old);
  const names = isDone ? [] : [...new Set([...namesIn(hidden), ...oldNames])].filter((name) => name !== last);
  for (const name of isDone ? [] : [...names, last]) {
    if (isNew(name)) unlinkSync(join(folder, name));
    if (oldNames.includes(name)) renameSync(join(old, name), join(folder, name));
  }
  rmSync(old, { recursive: true, force: true });
  // The last file says, as long as it is there, that the output is whole.
  for (const name of namesIn(hidden)) {
    if (name !== last) rmSync(join(hidden, name), { recursive: true, force: true });
  }
  rmSync(hidden, { recursive: true, force: true });
}

function isPlaceholder(path: string): boolean {
  const isOfItsSize = factsOf(path)?.isFile() === true && factsOf(path)?.size === BigInt(PLACEHOLDER.length);
  return isOfItsSize && readFileSync(path, 'latin1') === PLACEHOLDER;
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

function factsOf(path: string): BigIntStats | undefined {
  try {
    return lstatSync(path, { bigint: true });
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
