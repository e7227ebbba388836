import { describe, expect, test } from 'vitest';
import { chooseSteps, isAll, SEED } from './chosen-steps.js';
import { type FaultServer, runFaulty, startFaultServer, takeJournal } from './faulty-runs.js';
import type { Fault } from './inject-faults.mjs';
import { JOBS, makeStand, type Stand } from './jobs.js';
import { keepTally, note, type Standing, tally } from './tally.js';

keepTally('every-step');

const HANG = 1_800_000;

/** What is injected at each call: the words of the table, and how. */
interface Injection extends Omit<Fault, 'at'> {
  readonly words: string;
  /** The calls at which it can happen; all by default. */
  readonly calls?: readonly string[];
}

const TEARABLE = ['write', 'copyFile', 'rm', 'open', 'close'];

const KILLS: readonly Injection[] = [
  { words: 'SIGKILL before a call', scope: 'write', kind: 'kill', forGood: false },
  { words: 'SIGKILL in the middle of a call', scope: 'write', kind: 'tear', forGood: false, calls: TEARABLE },
];

const CLEARING = ['rm', 'unlink', 'rmdir', 'rename'];

const NEED_ROOM = ['open', 'mkdir', 'write', 'copyFile', 'link', 'sync', 'close', 'truncate', 'ftruncate'];

const ERRORS: readonly Injection[] = [
  { words: 'EIO at a call', scope: 'write', kind: 'EIO', forGood: false },
  { words: 'EIO at a call and all later ones', scope: 'write', kind: 'EIO', forGood: true },
  { words: 'disk full (ENOSPC) from a call on', scope: 'write', kind: 'ENOSPC', forGood: true, calls: NEED_ROOM },
  { words: 'EACCES at a call', scope: 'write', kind: 'EACCES', forGood: false },
  { words: 'short write', scope: 'write', kind: 'short', forGood: false, calls: ['write'] },
  { words: 'EIO while reading', scope: 'read', kind: 'EIO', forGood: false },
  { words: 'short read', scope: 'read', kind: 'short', forGood: false, calls: ['read'] },
];

/** Every read is like the next one of its kind: of the thousands of an HDF5 file so many are tried. */
const MOST_READS = 150;

/** Holds a run against what was promised, counts it, and runs the job once more. */
async function judge(stand: Stand, words: string, standing: Standing, what: string, living?: number): Promise<void> {
  await stand.putRight();
  const afterwards = stand.standing('strict');
  const hidden = stand.left(living).filter((name) => name.startsWith('.'));
  await stand.runAgain();
  const left = stand.left(living);
  const isInputIntact = stand.isInputIntact();
  const isGood = standing !== 'other' && afterwards !== 'other';
  tally({ injected: words, job: stand.job.name, standing: isGood ? afterwards : 'other', isInputIntact, left });
  expect([standing, afterwards], what).not.toContain('other');
  expect(hidden, what).toEqual([]);
  expect(left, what).toEqual([]);
  expect(isInputIntact, what).toBe(true);
}

/** The calls of a run without faults. */
async function listCalls(stand: Stand, scope: Fault['scope'], server: FaultServer): Promise<readonly string[]> {
  stand.reset();
  const { code, stderr } = await server.run({ scope, at: 0, kind: 'count', forGood: false });
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return takeJournal(stand);
}

function stepsOf(calls: readonly string[], injection: Injection, most: number, what: string): readonly number[] {
  const able = calls.flatMap((call, at) => (injection.calls?.includes(call) === false ? [] : [at]));
  return chooseSteps(able.length, most, `${what} ${injection.words}`).map((index) => able[index]!);
}

describe.each(JOBS)(`$name (seed ${SEED})`, (job) => {
  describe.each([
    ['where nothing stands', false],
    ['in the place of an older output', true],
  ] as const)('%s', (where, hasOld) => {
    test.skipIf(!isAll && !hasOld)(
      'killed at a step: old, new or absent',
      async () => {
        const stand = await makeStand(job, hasOld);
        expect((await runFaulty(stand, { scope: 'write', at: 0, kind: 'count', forGood: false })).code).toBe(0);
        const calls = takeJournal(stand);
        if (hasOld) note('steps', `${job.name}: ${calls.length} calls that change something`);
        for (const { words, ...fault } of KILLS) {
          for (const at of stepsOf(calls, { words, ...fault }, 2, `${job.name} ${where}`)) {
            const what = `${words} ${at} (${calls[at]})`;
            stand.reset();
            const { code } = await runFaulty(stand, { ...fault, at });
            expect(takeJournal(stand), what).toEqual([calls[at]]);
            expect(code, what).toBe(null);
            await judge(stand, words, stand.standing('sloppy'), what);
          }
        }
        // Behind the last call the run is done.
        stand.reset();
        expect((await runFaulty(stand, { scope: 'write', at: calls.length, kind: 'kill', forGood: false })).code).toBe(
          0,
        );
        expect(stand.standing('strict')).toBe('new');
      },
      HANG,
    );

    test.skipIf(!isAll && !hasOld)(
      'failing at a step: told in one line; old, new or absent',
      async () => {
        const stand = await makeStand(job, hasOld);
        let server = startFaultServer(stand);
        const calls = { write: await listCalls(stand, 'write', server), read: await listCalls(stand, 'read', server) };
        for (const { words, ...fault } of ERRORS) {
          const every = stepsOf(
            calls[fault.scope],
            { words, ...fault },
            isAll ? MOST_READS : 4,
            `${job.name} ${where}`,
          );
          for (const at of every) {
            const call = calls[fault.scope][at];
            const what = `${words} ${at} (${call})`;
            stand.reset();
            const { code, stderr } = await server.run({ ...fault, at });
            expect(takeJournal(stand)[0], what).toBe(call);
            const standing = stand.standing('strict');
            expect([0, 4, 5], `${what}: ${stderr}`).toContain(code);
            if (code === 0) expect(standing, what).toBe('new');
            else expect(stderr, what).toMatch(/^se-retrofit: [^\n]+\n$/);
            if (code !== 0 && standing === 'new') expect(stderr, what).toMatch(/in its place/);
            if (fault.kind === 'short') expect(code, what).toBe(0);
            // What could not even be cleared away is the next run's, once the process is no more.
            if (stand.left(server.processId).length > 0) {
              expect(fault.forGood || CLEARING.includes(call!), `${what}: ${stand.left()}`).toBe(true);
              await server.stop();
              server = startFaultServer(stand);
            }
            await judge(stand, words, fault.forGood ? stand.standing('sloppy') : standing, what, server.processId);
          }
        }
        await server.stop();
        expect(stand.left(), 'what a process leaves in the temporary folder goes with it').toEqual([]);
      },
      HANG,
    );
  });
});
