import {
  appendFileSync,
  closeSync,
  cpSync,
  openSync,
  readdirSync,
  renameSync,
  statSync,
  truncateSync,
  utimesSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { randomNumbers } from '../../src/random.js';
import { run, startRun } from '../support/cli.js';
import { isAll, SEED } from './chosen-steps.js';
import { JOBS, makeStand, type Stand } from './jobs.js';
import { keepTally, tally } from './tally.js';

keepTally('changed-input');

const ROUNDS = isAll ? 10 : 1;
const jobs = isAll
  ? JOBS.filter(({ command }) => command === 'add')
  : JOBS.filter(({ name }) => ['add tfjs', 'add keras-zip'].includes(name));

/** What another program does to the largest file of the input. */
const CHANGES: readonly (readonly [words: string, change: (path: string) => void])[] = [
  ['input: bytes appended while it is read', (path) => appendFileSync(path, 'more')],
  ['input: cut off while it is read', (path) => truncateSync(path, statSync(path).size >> 1)],
  ['input: another file renamed into its place while it is read', replaceWhole],
  ['input: bytes overwritten while it is read', (path) => overwrite(path)],
  ['input: bytes overwritten, and the time set back', overwriteUnseen],
];

function replaceWhole(path: string): void {
  cpSync(path, `${path}.other`);
  overwrite(`${path}.other`);
  renameSync(`${path}.other`, path);
}

/** Other bytes of the last weights. */
function overwrite(path: string): void {
  const file = openSync(path, 'r+');
  writeSync(file, Buffer.alloc(4, 63), 0, 4, statSync(path).size >> 1);
  closeSync(file);
}

function overwriteUnseen(path: string): void {
  const { atime, mtime } = statSync(path);
  overwrite(path);
  utimesSync(path, atime, mtime);
}

/** The largest file below a folder. */
function largestIn(folder: string): string {
  const files = readdirSync(folder, { withFileTypes: true, recursive: true }).filter((entry) => entry.isFile());
  const paths = files.map(({ parentPath, name }) => join(parentPath, name));
  return paths.sort((a, b) => statSync(b).size - statSync(a).size)[0]!;
}

/** Runs the job with the input as it is now; what stands then, and why if nothing does. */
async function runUndisturbed(stand: Stand): Promise<string> {
  const { code } = await run(stand.words, { env: stand.env });
  return code === 0 ? stand.digest() : '';
}

describe.each(jobs)(`$name (seed ${SEED})`, (job) => {
  test.each(CHANGES)(
    '%s: refused, or it was read before or behind',
    async (injected, change) => {
      for (let round = 0; round < ROUNDS; round++) {
        const stand = await makeStand(job, true);
        const random = randomNumbers(SEED, `${job.name} ${injected} ${round}`);
        const old = stand.digest();
        const { milliseconds } = await run(stand.words, { env: stand.env });
        const fromBefore = stand.digest();
        stand.reset();
        const { result } = startRun(stand.words, { env: stand.env });
        await wait(random() * milliseconds);
        change(largestIn(join(stand.root, 'in')));
        const { code, stderr } = await result;
        const found = stand.digest();
        const left = stand.left();
        stand.reset();
        const fromAfter = await runUndisturbed(stand);
        const isGood = code === 0 ? [fromBefore, fromAfter].includes(found) : found === old;
        const standing = !isGood ? 'other' : found === old ? 'old' : 'new';
        tally({ injected, job: job.name, standing, isInputIntact: true, left });
        expect([0, 4], stderr).toContain(code);
        if (code !== 0) expect(stderr).toMatch(/^se-retrofit: [^\n]+\n$/);
        expect(standing, `exit ${code}: ${stderr}`).not.toBe('other');
        expect(left).toEqual([]);
      }
    },
    3_600_000,
  );
});
