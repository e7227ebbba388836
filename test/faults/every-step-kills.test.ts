import { describe, expect, test } from 'vitest';
import { isAll } from '../support/is-all.js';
import { chooseSome, SEED } from './chosen-steps.js';
import { runFaulty, takeJournal } from './faulty-runs.js';
import { JOBS, makeStand } from './jobs.js';
import { type Injection, judge, PLACES, stepsOf } from './judge.js';
import { keepTally, note } from './tally.js';

keepTally('every-step-kills');

const HOURS = 4 * 3_600_000;

const KILLS: readonly Injection[] = [
  { words: 'SIGKILL before a call', scope: 'write', kind: 'kill', forGood: false },
  {
    words: 'SIGKILL in the middle of a call',
    scope: 'write',
    kind: 'tear',
    forGood: false,
    calls: ['write', 'copyFile', 'rm', 'writeFile'],
  },
];

describe.each(chooseSome(JOBS, 3, 'kills'))(`$name, killed at a step (seed ${SEED})`, (job) => {
  test.each(isAll ? PLACES : PLACES.slice(1))(
    '%s: old, new or absent',
    async (_, hasOld) => {
      const stand = await makeStand(job, hasOld);
      expect((await runFaulty(stand, { scope: 'write', at: 0, kind: 'count', forGood: false })).code).toBe(0);
      const calls = takeJournal(stand);
      if (hasOld) note('steps', `${job.name}: ${calls.length}`);
      for (const injection of KILLS) {
        const { words, calls: _, ...fault } = injection;
        for (const at of stepsOf(stand, calls, injection, isAll ? Number.POSITIVE_INFINITY : 1)) {
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
      expect((await runFaulty(stand, { scope: 'write', at: calls.length, kind: 'kill', forGood: false })).code).toBe(0);
      expect(stand.standing('strict')).toBe('new');
    },
    HOURS,
  );
});
