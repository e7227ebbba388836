import { describe, expect, test } from 'vitest';
import { isAll } from '../support/is-all.js';
import { chooseSome, SEED } from './chosen-steps.js';
import { type FaultServer, startFaultServer, takeJournal } from './faulty-runs.js';
import type { Fault } from './inject-faults.mjs';
import { JOBS, makeStand, type Stand } from './jobs.js';
import { type Injection, judge, PLACES, stepsOf } from './judge.js';
import { keepTally } from './tally.js';

keepTally('every-step-errors');

const HOURS = 4 * 3_600_000;

const NEED_ROOM = ['open', 'mkdir', 'write', 'writeFile', 'copyFile', 'link', 'sync', 'close', 'truncate', 'ftruncate'];

/** Calls that clear away what is not needed any more, or find out what is. */
const CLEARING = ['rm', 'unlink', 'rmdir', 'rename', 'lstat', 'readdir'];

const ERRORS: readonly Injection[] = [
  { words: 'EIO at a call (fsync, close and rename too)', scope: 'write', kind: 'EIO', forGood: false },
  { words: 'EIO at a call and all later ones', scope: 'write', kind: 'EIO', forGood: true },
  { words: 'disk full (ENOSPC) from a call on', scope: 'write', kind: 'ENOSPC', forGood: true, calls: NEED_ROOM },
  { words: 'short write', scope: 'write', kind: 'short', forGood: false, calls: ['write'] },
  { words: 'EIO while reading', scope: 'read', kind: 'EIO', forGood: false },
  { words: 'short read', scope: 'read', kind: 'short', forGood: false, calls: ['read'] },
];

/** An HDF5 file is read in thousands of calls, each like the one before: so many are tried. */
const MOST_READS = 40;

/** The calls of a run without faults. */
async function traceCalls(stand: Stand, scope: Fault['scope'], server: FaultServer): Promise<readonly string[]> {
  stand.reset();
  expect(await server.run({ scope, at: 0, kind: 'count', forGood: false })).toEqual({ code: 0, stderr: '' });
  return takeJournal(stand);
}

describe.each(chooseSome(JOBS, 3, 'errors'))(`$name, failing at a step (seed ${SEED})`, (job) => {
  test.each(isAll ? PLACES : PLACES.slice(1))(
    '%s: told in one line; old, new or absent',
    async (_, hasOld) => {
      const stand = await makeStand(job, hasOld);
      let server = startFaultServer(stand);
      const calls = { write: await traceCalls(stand, 'write', server), read: await traceCalls(stand, 'read', server) };
      for (const injection of ERRORS) {
        const { words, calls: _, ...fault } = injection;
        const most = isAll ? (fault.scope === 'read' ? MOST_READS : Number.POSITIVE_INFINITY) : 1;
        for (const at of stepsOf(stand, calls[fault.scope], injection, most)) {
          const call = calls[fault.scope][at]!;
          const what = `${words} ${at} (${call})`;
          stand.reset();
          const { code, stderr } = await server.run({ ...fault, at });
          expect(takeJournal(stand)[0], what).toBe(call);
          // 2: the old output cannot be looked at, and is not replaced unseen.
          expect([0, 4, 5, ...(fault.scope === 'read' ? [2] : [])], `${what}: ${stderr}`).toContain(code);
          const standing = stand.standing(fault.forGood ? 'sloppy' : 'strict');
          if (code === 0) expect(standing, what).toBe('new');
          else expect(stderr, what).toMatch(/^se-retrofit: [^\n]+\n$/);
          if (code !== 0 && standing === 'new') expect(stderr, what).toMatch(/in its place/);
          if (fault.kind === 'short') expect(code, what).toBe(0);
          // What could not even be cleared away is the next run's, once the process is no more.
          if (stand.left(server.processId).length > 0) {
            expect(fault.forGood || CLEARING.includes(call), `${what}: ${stand.left()}`).toBe(true);
            await server.stop();
            server = startFaultServer(stand);
          }
          await judge(stand, words, standing, what, server.processId);
        }
      }
      await server.stop();
      expect(stand.left(), 'what a process leaves in the temporary folder goes with it').toEqual([]);
    },
    HOURS,
  );
});
