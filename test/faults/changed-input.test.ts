import { cpSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isAll } from '../support/is-all.js';
import { chooseSteps, SEED } from './chosen-steps.js';
import { startFaultServer, takeJournal } from './faulty-runs.js';
import { JOBS, makeStand } from './jobs.js';
import { keepTally, tally } from './tally.js';

keepTally('changed-input');

const HOURS = 4 * 3_600_000;

const jobs = isAll
  ? JOBS.filter(({ command }) => command === 'add')
  : JOBS.filter(({ name }) => ['add tfjs', 'add keras-zip'].includes(name));

/** At how many of the calls that read the change happens. */
const MOMENTS = isAll ? 40 : 2;

/** What another program does to the largest file of the input. */
const CHANGES = [
  ['input: bytes appended', 'append'],
  ['input: cut off', 'cut'],
  ['input: bytes overwritten', 'overwrite'],
  ['input: bytes overwritten, the time set back', 'overwrite-unseen'],
  ['input: another file renamed into its place', 'replace'],
] as const;

/** The largest file below a folder. */
function largestIn(folder: string): string {
  const files = readdirSync(folder, { withFileTypes: true, recursive: true }).filter((entry) => entry.isFile());
  const paths = files.map(({ parentPath, name }) => join(parentPath, name));
  return paths.sort((a, b) => statSync(b).size - statSync(a).size)[0]!;
}

describe.each(jobs)(`$name, whose input changes while it is read (seed ${SEED})`, (job) => {
  test(
    'refused, or the output is that of the input before or behind the change',
    async () => {
      const stand = await makeStand(job, true);
      const input = join(stand.root, 'in');
      const before = join(stand.root, 'before');
      const largest = largestIn(input);
      cpSync(input, before, { recursive: true });
      const resetInput = () => {
        rmSync(input, { recursive: true });
        cpSync(before, input, { recursive: true });
        stand.reset();
      };
      const server = startFaultServer(stand, largest);
      const old = stand.digest();
      await server.run({ scope: 'read', at: 0, kind: 'count', forGood: false });
      const { length } = takeJournal(stand);
      const fromBefore = stand.digest();
      const reset = { scope: 'read', at: 0, kind: 'none', forGood: false } as const;
      for (const [injected, kind] of CHANGES) {
        for (const at of chooseSteps(length, MOMENTS, `${job.name} ${kind}`)) {
          resetInput();
          const { code, stderr } = await server.run({ scope: 'read', at, kind, forGood: false });
          const what = `${injected} before call ${at}: exit ${code}, ${stderr}`;
          expect(takeJournal(stand), what).toHaveLength(1);
          const found = stand.digest();
          const left = stand.left(server.processId);
          stand.reset();
          const undisturbed = await server.run(reset);
          const fromAfter = undisturbed.code === 0 ? stand.digest() : undefined;
          const isGood = code === 0 ? [fromBefore, fromAfter].includes(found) : found === old;
          const standing = !isGood ? 'other' : found === old ? 'old' : 'new';
          tally({ injected, job: job.name, standing, isInputIntact: true, left });
          expect([0, 4], what).toContain(code);
          if (code !== 0) expect(stderr, what).toMatch(/^se-retrofit: [^\n]+\n$/);
          expect(standing, what).not.toBe('other');
          expect(left, what).toEqual([]);
        }
      }
      await server.stop();
    },
    HOURS,
  );
});
