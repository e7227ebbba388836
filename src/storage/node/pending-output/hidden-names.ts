import { createHash, randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { threadId } from 'node:worker_threads';

// An output is built in a hidden folder beside its place, synced, and renamed into it. The hidden names identify their
// owner, so that remains of a killed run can be told from an output that another run is building.

/** Content of a hidden folder: an output that is being built, or the one that it replaces. */
export type HiddenPurpose = 'new' | 'old';

/** Machines that share a folder know nothing of each other's processes. */
const MACHINE = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);

// Of the whole thread: a program may have loaded this package twice.
const REGISTRY = Symbol.for('se-retrofit.living-owners');
const shared = globalThis as { [REGISTRY]?: Set<string> };
shared[REGISTRY] ??= new Set();
const living = shared[REGISTRY];

/** The name of a piece of work while it leaves things on the disk that are to go if it is cut off. */
export function beginOwner(): string {
  const owner = `${process.pid}-${threadId}-${randomBytes(4).toString('hex')}-${MACHINE}`;
  living.add(owner);
  return owner;
}

/** Ends an owner: files that remain under its name belong to nobody from here on. */
export const endOwner = (owner: string): boolean => living.delete(owner);

/** The hidden folder of an owner beside the place of an output. */
export const hiddenName = (path: string, purpose: HiddenPurpose, owner: string): string =>
  join(dirname(path), `${prefixOf(path)}${purpose}-${owner}`);

/** File systems take names of 255 bytes: beside a long one there is no room for the rest. */
const MOST_NAME_BYTES = 150;

/** Returns the prefix of the hidden names beside an output. */
function prefixOf(path: string): string {
  const name = basename(path);
  const shown =
    Buffer.byteLength(name) > MOST_NAME_BYTES ? createHash('sha256').update(name).digest('hex').slice(0, 32) : name;
  return `.${shown}.se-retrofit-`;
}

/** The owners that left hidden folders beside an output and are no more. */
export function listDead(path: string): readonly string[] {
  const prefix = prefixOf(path);
  const owners = readdirSync(dirname(path))
    .filter((name) => name.startsWith(prefix))
    .map((name) => name.slice(prefix.length).replace(/^(?:new|old)-/, ''));
  return [...new Set(owners)].filter(isDead);
}

const OWNER = /^(\d+)-(\d+)-[0-9a-f]{8}-([0-9a-f]{8})$/;

/** Tells whether an owner has ended. Those on other machines never count as ended: nothing is known of them here. */
export function isDead(owner: string): boolean {
  const [, processId, thread, machine] = OWNER.exec(owner) ?? [];
  if (machine !== MACHINE) return false;
  // Of another thread nothing is known here, and a process that had the number before may have been another.
  if (Number(processId) === process.pid) return Number(thread) === threadId && !living.has(owner);
  return !isAlive(Number(processId));
}

function isAlive(processId: number): boolean {
  try {
    return process.kill(processId, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
