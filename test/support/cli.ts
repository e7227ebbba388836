import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { modelFolder } from './fixtures.js';
import { temporaryFolder } from './temporary-folder.js';

export const BIN = fileURLToPath(new URL('../../dist/bin/se-retrofit.js', import.meta.url));

/** A run that takes longer hangs: it is killed, and its exit code is null. */
const PATIENCE_MILLISECONDS = 60_000;
export const LONG_PATIENCE_MILLISECONDS = 600_000;

export interface RunOptions extends Pick<SpawnOptions, 'cwd' | 'uid'> {
  /** Variables on top of the process's own, those that ask for colour or none left out. */
  readonly env?: Readonly<Record<string, string>>;
  /** For what takes longer by nature: an installation, a page's list of commands. */
  readonly patienceMilliseconds?: number;
}

export interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly milliseconds: number;
}

/** Runs the built command line as a real process, without a terminal. */
export function run(words: readonly string[], options: RunOptions = {}): Promise<Result> {
  return runProgram(process.execPath, [BIN, ...words], options);
}

/** Runs any program; for a shell that sets limits first, say. */
export function runProgram(program: string, words: readonly string[], options: RunOptions = {}): Promise<Result> {
  return start(program, words, options).result;
}

/** Starts the command line and leaves it running, to be interrupted. */
export const startRun = (words: readonly string[], options: RunOptions = {}) =>
  start(process.execPath, [BIN, ...words], options);

function start(
  program: string,
  words: readonly string[],
  { env, patienceMilliseconds = PATIENCE_MILLISECONDS, ...options }: RunOptions,
): { child: ChildProcess; result: Promise<Result> } {
  const { NO_COLOR: _, FORCE_COLOR: __, NODE_OPTIONS: ___, ...ours } = process.env;
  const started = performance.now();
  const child = spawn(program, words, { ...options, env: { ...ours, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const result = new Promise<Result>((resolve, reject) => {
    const output: Buffer[] = [];
    const messages: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => messages.push(chunk));
    const timer = setTimeout(() => child.kill('SIGKILL'), patienceMilliseconds);
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({
        code,
        stdout: Buffer.concat(output).toString('utf8'),
        stderr: Buffer.concat(messages).toString('utf8'),
        milliseconds: performance.now() - started,
      });
    });
  });
  return { child, result };
}

/** Checks that a run failed as it should: its exit code, nothing on stdout, one line on stderr that holds the words. */
export function expectFailure(result: Result, code: number, ...words: readonly (string | RegExp)[]): void {
  expect(result.stdout).toBe('');
  expect(result.stderr).toMatch(/^se-retrofit: [^\n]+\n$/);
  for (const word of words) expect(result.stderr).toMatch(word);
  expect(result.code).toBe(code);
}

/** Everything in a folder, hidden files too: names relative to it, sorted, folders with a slash. */
export function namesIn(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .map((entry) => {
      const path = `${entry.parentPath}/${entry.name}`.slice(folder.length + 1);
      return entry.isDirectory() ? `${path}/` : path;
    })
    .sort();
}

/** Makes folders, each empty and of its own, that go when the test file is done, which calls this itself. */
export function makeFolders(): () => string {
  const folder = temporaryFolder();
  return () => mkdtempSync(join(folder, 'run-'));
}

/** A copy of a fixture's files, in a folder of the fixture's name; gives that folder. */
export function copyFixture(name: string, folder: string): string {
  const copy = join(folder, name);
  cpSync(modelFolder(name), copy, { recursive: true, filter: (path) => !path.endsWith('expected.json') });
  return copy;
}

/** The bytes of all files in a folder, by name, as digests: short enough to be shown where they differ. */
export function bytesIn(folder: string): ReadonlyMap<string, string> {
  const files = namesIn(folder).filter((name) => !name.endsWith('/'));
  return new Map(files.map((name) => [name, digest(readFileSync(join(folder, name)))]));
}

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
