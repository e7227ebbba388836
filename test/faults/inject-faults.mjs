// @ts-check
// Loaded before the command line (`node --import`): counts every call that changes, or that reads, files below one
// folder, and makes the one with the given number fail. JavaScript, because Node loads it as it is.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * What is to happen at a call: `kill` before it, `tear` it (half of it happens, then the process is killed), fail with
 * an errno, move fewer bytes than asked for, or change a file before it; once, or from here on. `count` writes all calls into the journal.
 * @typedef {{ scope: 'write' | 'read', at: number, kind: string, forGood: boolean }} Fault
 */

/** @type {{ folder: string, journal: string, target?: string, fault?: Fault }} */
const { folder, journal, target, fault: first } = JSON.parse(process.env.SE_FAULT ?? '{}');
const { appendFileSync, closeSync, copyFileSync, openSync, readdirSync, readSync, renameSync, rmSync, statSync } = fs;
const { truncateSync, utimesSync, writeFileSync, writeSync } = fs;

/** What another program may do to a file while it is read. @type {Readonly<Record<string, (path: string) => void>>} */
const CHANGES = {
  append: (path) => appendFileSync(path, 'more'),
  cut: (path) => truncateSync(path, statSync(path).size >> 1),
  overwrite,
  'overwrite-unseen': (path) => {
    const { atime, mtime } = statSync(path);
    overwrite(path);
    utimesSync(path, atime, mtime);
  },
  replace: (path) => {
    copyFileSync(path, `${path}.other`);
    overwrite(`${path}.other`);
    renameSync(`${path}.other`, path);
  },
};

/** Other bytes in the middle. @param {string} path */
function overwrite(path) {
  const file = openSync(path, 'r+');
  writeSync(file, Buffer.alloc(4, 63), 0, 4, statSync(path).size >> 1);
  closeSync(file);
}

const KINDS = ['none', 'count', 'kill', 'tear', 'short', 'EIO', 'ENOSPC', ...Object.keys(CHANGES)];

/** The calls counted, and the fault: count, at, kind, for good, scope. */
const state = new Int32Array(5);

/** @param {Fault} fault */
export function setFault({ scope, at, kind, forGood }) {
  state.set([0, at, KINDS.indexOf(kind), forGood ? 1 : 0, scope === 'read' ? 1 : 0]);
}
if (first !== undefined) setFault(first);

/** @type {Map<number, string>} */
const pathOfDescriptor = new Map();
/** @type {WeakMap<object, string>} */
const pathOfHandle = new WeakMap();

/** @param {unknown} place */
const isInside = (place) => {
  const path = typeof place === 'number' ? (pathOfDescriptor.get(place) ?? '') : String(place);
  return `${path}${sep}`.startsWith(`${folder}${sep}`);
};

/** No disk is too full for these. */
const NEED_NO_ROOM = ['rm', 'unlink', 'rmdir', 'rename', 'chmod'];

/**
 * What is to happen at a call; undefined: nothing.
 * @param {'write' | 'read'} scope @param {string} call @param {unknown} place
 */
function next(scope, call, place) {
  const [, at = 0, kindNumber = 0, forGood, isRead] = state;
  const kind = KINDS[kindNumber];
  if (kind === 'none' || (scope === 'read') !== (isRead === 1) || !isInside(place)) return undefined;
  const number = state[0] ?? 0;
  state[0] = number + 1;
  if (kind === 'count') appendFileSync(journal, `${call}\n`);
  if (kind === 'count' || number < at || (number > at && !forGood)) return undefined;
  if (kind === 'short' && !['write', 'read'].includes(call)) return undefined;
  if (kind === 'ENOSPC' && NEED_NO_ROOM.includes(call)) return undefined;
  appendFileSync(journal, `${call}\n`);
  if (kind === 'kill') die();
  const change = CHANGES[kind ?? ''];
  if (change === undefined) return kind;
  change(target ?? '');
  return undefined;
}

function die() {
  process.kill(process.pid, 'SIGKILL');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

/** @param {string} call */
function failure(call) {
  const code = KINDS[state[2] ?? 0];
  return Object.assign(new Error(`${code}: injected, ${call}`), { code, errno: -5, syscall: call });
}

/**
 * Wraps a function whose first argument is a path or a descriptor.
 * @param {any} owner @param {string} name
 * @param {{ scope?: 'write' | 'read', call?: string, tear?: (real: any, args: any[]) => void, isAsync: boolean }} how
 */
function wrap(owner, name, { scope = 'write', call = name.replace(/Sync$/, ''), tear, isAsync }) {
  const real = owner[name];
  owner[name] = (/** @type {any[]} */ ...args) => {
    const place = name === 'link' || name === 'rename' || name === 'renameSync' ? args[1] : args[0];
    const happens = next(scope, call, place);
    if (happens === 'tear') {
      tear?.(real, args);
      die();
    }
    if (happens === undefined) return real(...args);
    if (call === 'close') real(...args);
    if (!isAsync) throw failure(call);
    return Promise.reject(failure(call));
  };
}

/** Half of what stands there goes. @param {any} _ @param {any[]} args */
function tearFolder(_, [path, options]) {
  if (!options?.recursive) return;
  const names = fs.existsSync(path) && statSync(path).isDirectory() ? readdirSync(path) : [];
  for (const name of names.slice(0, Math.ceil(names.length / 2))) rmSync(`${path}/${name}`, { recursive: true });
}

/** @param {any} _ @param {any[]} args */
function tearCopy(_, [from, to]) {
  copyFileSync(from, to);
  truncateSync(to, statSync(to).size >> 1);
}

/** @param {any} _ @param {any[]} args */
const tearText = (_, [path, text, options]) => writeFileSync(path, text.slice(0, text.length >> 1), options);

/** @param {unknown} flags */
const opensToWrite = (flags) =>
  typeof flags === 'string' ? flags !== 'r' : typeof flags === 'number' && (flags & 3) !== 0;

const { promises } = fs;
for (const name of ['mkdir', 'rmdir', 'unlink', 'rename', 'link', 'chmod', 'truncate']) {
  wrap(promises, name, { isAsync: true });
}
for (const name of ['renameSync', 'unlinkSync', 'ftruncateSync']) wrap(fs, name, { isAsync: false });
wrap(promises, 'rm', { isAsync: true, tear: tearFolder });
wrap(fs, 'rmSync', { isAsync: false, tear: tearFolder });
wrap(promises, 'copyFile', { isAsync: true, tear: tearCopy });
wrap(promises, 'writeFile', { isAsync: true, tear: tearText });
for (const name of ['stat', 'lstat', 'readdir', 'realpath', 'readFile']) {
  wrap(promises, name, { scope: 'read', isAsync: true });
}
for (const name of ['lstatSync', 'fstatSync', 'readdirSync']) wrap(fs, name, { scope: 'read', isAsync: false });

const { open } = promises;
promises.open = async (/** @type {any} */ path, /** @type {any} */ flags, /** @type {any[]} */ ...rest) => {
  const scope = opensToWrite(flags) ? 'write' : 'read';
  const happens = next(scope, 'open', path);
  if (happens === 'tear') {
    await open(path, flags, ...rest);
    die();
  }
  if (happens !== undefined) throw failure('open');
  const handle = await open(path, flags, ...rest);
  pathOfHandle.set(handle, String(path));
  pathOfDescriptor.set(handle.fd, String(path));
  // Each handle has a method of its own for this.
  const { close } = handle;
  handle.close = async () => {
    const happens = next(scope, 'close', path);
    await close();
    if (happens === 'tear') die();
    if (happens !== undefined) throw failure('close');
  };
  return handle;
};
fs.openSync = (path, flags, ...rest) => {
  const happens = next(opensToWrite(flags) ? 'write' : 'read', 'open', path);
  if (happens === 'tear') {
    openSync(path, flags, ...rest);
    die();
  }
  if (happens !== undefined) throw failure('open');
  const descriptor = openSync(path, flags, ...rest);
  pathOfDescriptor.set(descriptor, String(path));
  return descriptor;
};
fs.closeSync = (descriptor) => {
  const happens = next('write', 'close', descriptor);
  pathOfDescriptor.delete(descriptor);
  closeSync(descriptor);
  if (happens === 'tear') die();
  if (happens !== undefined) throw failure('close');
};

/** Half a transfer, or a failure. @param {any} real @param {'write' | 'read'} call */
const transferring = (real, call) =>
  /** @this {any} @param {any[]} args */
  function (...args) {
    const isMethod = pathOfHandle.has(this);
    const [buffer, offset, length, position] = isMethod ? args : args.slice(1);
    const happens = next(call, call, isMethod ? pathOfHandle.get(this) : args[0]);
    const transfer = (/** @type {number} */ most) =>
      isMethod ? real.call(this, buffer, offset, most, position) : real(args[0], buffer, offset, most, position);
    if (happens === undefined) return transfer(length);
    if (happens === 'short') return transfer(Math.max(1, length >> 1));
    if (happens === 'tear') {
      const torn = transfer(length >> 1);
      if (!isMethod) die();
      return torn.then(die);
    }
    if (isMethod) return Promise.reject(failure(call));
    throw failure(call);
  };
fs.writeSync = transferring(writeSync, 'write');
fs.readSync = transferring(readSync, 'read');

// The methods of file handles are found at one of them.
const handle = await open(fileURLToPath(import.meta.url), 'r');
const methods = Object.getPrototypeOf(handle);
await handle.close();
methods.write = transferring(methods.write, 'write');
methods.read = transferring(methods.read, 'read');
for (const [name, scope] of /** @type {const} */ ([
  ['sync', 'write'],
  ['stat', 'read'],
])) {
  const real = methods[name];
  methods[name] = /** @this {any} @param {any[]} args */ async function (...args) {
    const path = pathOfHandle.get(this);
    const happens = path === undefined ? undefined : next(scope, name, path);
    if (happens === undefined) return real.apply(this, args);
    if (happens === 'tear') die();
    throw failure(name);
  };
}

syncBuiltinESMExports();
