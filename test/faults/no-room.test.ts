import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { BIN, type Result, run, runProgram } from '../support/cli.js';
import { isAll } from '../support/is-all.js';
import { chooseSteps } from './chosen-steps.js';
import { JOBS, makeStand, type Stand } from './jobs.js';
import { judge } from './judge.js';
import { keepTally, note } from './tally.js';

keepTally('no-room');

const jobs = isAll ? JOBS : JOBS.filter(({ name }) => name === 'add keras-json');
const SOME = isAll ? Number.POSITIVE_INFINITY : 1;

const outputOf = ({ root }: Stand): string => join(root, 'out');

/** Bytes of all files that stand in a folder. */
function sizeOf(folder: string): number {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true }).filter((entry) => entry.isFile());
  return entries.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
}

/** It was written, or it is said in one line why not. */
function expectAnswer(stand: Stand, { code, stderr, stdout }: Result, what: string): void {
  expect(stdout, what).toBe('');
  expect([0, 5], `${what}: ${stderr}`).toContain(code);
  if (code === 0) expect(stand.standing('strict'), what).toBe('new');
  else expect(stderr, what).toMatch(/^se-retrofit: [^\n]+\n$/);
  if (code !== 0) expect(stand.left(), what).toEqual([]);
}

test.each(jobs)(
  '$name under a limit on the size of files',
  async (job) => {
    const stand = await makeStand(job, true);
    await stand.runAgain();
    const blocks = Math.ceil(sizeOf(outputOf(stand)) / 1024);
    for (const limit of chooseSteps(blocks + 1, isAll ? 40 : SOME, `limit ${job.name}`)) {
      stand.reset();
      const words = ['-c', `ulimit -f ${limit}; exec "$0" "$@"`, process.execPath, BIN, ...stand.words];
      const result = await runProgram('bash', words, { env: stand.env });
      const what = `ulimit -f ${limit}`;
      expectAnswer(stand, result, what);
      await judge(stand, 'limit on the size of files (ulimit -f)', stand.standing('strict'), what);
    }
  },
  3_600_000,
);

/** Runs a program of the system; why it does not work, where it does not. */
function whyNot(program: string, ...words: readonly string[]): string | undefined {
  try {
    execFileSync(program, words, { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' });
    return undefined;
  } catch (error) {
    return (error as Error).message.split('\n').slice(-2).join(' ').trim();
  }
}

const mounted = new Set<string>();

afterAll(() => {
  for (const folder of mounted) whyNot('umount', folder);
});

/** Mounts a file system of a size in memory over the folder of the output, and puts the old output into it. */
function mountSmall(stand: Stand, kibibytes: number): string | undefined {
  const folder = outputOf(stand);
  const reason = whyNot('mount', '-t', 'tmpfs', '-o', `size=${kibibytes}k`, 'tmpfs', folder);
  if (reason !== undefined) return reason;
  mounted.add(folder);
  cpSync(join(stand.root, 'old'), folder, { recursive: true });
  return undefined;
}

function unmount(stand: Stand): void {
  execFileSync('umount', [outputOf(stand)]);
  mounted.delete(outputOf(stand));
}

/** What a file system needs for files and folders besides their bytes. */
const PAGE = 4;

describe.each(jobs)('$name on a small disk', (job) => {
  test('full: told, and the old output stays', async (context) => {
    const stand = await makeStand(job, true);
    const old = Math.ceil(sizeOf(outputOf(stand)) / 1024);
    await stand.runAgain();
    const pages = Math.ceil((old + sizeOf(outputOf(stand)) / 1024) / PAGE) + 12;
    const least = Math.ceil(old / PAGE) + 6;
    for (const step of chooseSteps(pages - least, SOME, `tmpfs ${job.name}`)) {
      rmSync(outputOf(stand), { recursive: true });
      mkdirSync(outputOf(stand));
      const reason = mountSmall(stand, (least + step) * PAGE);
      if (reason !== undefined) {
        note('skipped', `disk full on a small tmpfs, and a file system that is read-only: ${reason}`);
        return context.skip(reason);
      }
      const result = await run(stand.words, { env: stand.env });
      const what = `tmpfs of ${(least + step) * PAGE} KiB`;
      expectAnswer(stand, result, what);
      const standing = stand.standing('strict');
      // The next run finds room.
      execFileSync('mount', ['-o', 'remount,size=64m', outputOf(stand)]);
      await judge(stand, 'disk full (small tmpfs)', standing, what);
      unmount(stand);
    }
  }, 3_600_000);

  test('read-only: told, and the old output stays', async (context) => {
    const stand = await makeStand(job, true);
    rmSync(outputOf(stand), { recursive: true });
    mkdirSync(outputOf(stand));
    const reason = mountSmall(stand, 2 ** 16);
    if (reason !== undefined) return context.skip(reason);
    execFileSync('mount', ['-o', 'remount,ro', outputOf(stand)]);
    const result = await run(stand.words, { env: stand.env });
    expect(result.code).toBe(5);
    expectAnswer(stand, result, 'read-only');
    const standing = stand.standing('strict');
    expect(standing).toBe('old');
    execFileSync('mount', ['-o', 'remount,rw', outputOf(stand)]);
    await judge(stand, 'read-only file system', standing, 'read-only');
    unmount(stand);
  });
});

test.each(jobs)('$name into a folder that this user may not write: told, and the old output stays', async (job) => {
  const stand = await makeStand(job, true);
  // Root may write everywhere: the run is somebody else's then.
  const isRoot = process.getuid?.() === 0;
  chmodSync(dirname(stand.root), 0o755);
  chmodSync(stand.root, 0o755);
  chmodSync(join(stand.root, 'tmp'), 0o777);
  chmodSync(outputOf(stand), 0o555);
  const result = await run(stand.words, { env: stand.env, ...(isRoot ? { uid: 65534 } : {}) });
  expect(result.code).toBe(5);
  expectAnswer(stand, result, 'read-only folder');
  const standing = stand.standing('strict');
  expect(standing).toBe('old');
  chmodSync(outputOf(stand), 0o755);
  await judge(stand, 'folder without write permission', standing, 'read-only folder');
});
