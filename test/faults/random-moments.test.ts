import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { randomNumbers } from '../../src/random.js';
import { run, startRun } from '../support/cli.js';
import { isAll } from '../support/is-all.js';
import { SEED } from './chosen-steps.js';
import { JOBS, makeStand } from './jobs.js';
import { judge } from './judge.js';
import { keepTally } from './tally.js';

keepTally('random-moments');

const ROUNDS = isAll ? 12 : 1;

/** The signals of one round, in order; the second follows within a few milliseconds. */
const SIGNALS: readonly { readonly words: string; readonly signals: readonly NodeJS.Signals[] }[] = [
  { words: 'SIGKILL at a random moment', signals: ['SIGKILL'] },
  { words: 'SIGINT at a random moment', signals: ['SIGINT'] },
  { words: 'SIGINT twice at a random moment', signals: ['SIGINT', 'SIGINT'] },
  { words: 'SIGTERM at a random moment', signals: ['SIGTERM'] },
];

const jobs = isAll ? JOBS : JOBS.filter(({ name }) => name === 'add keras-zip, packed');

describe.each(jobs)(`$name, stopped at a random moment (seed ${SEED})`, (job) => {
  test.each(SIGNALS)(
    '$words: old, new or absent',
    async ({ words, signals }) => {
      const stand = await makeStand(job, true);
      const { milliseconds } = await run(stand.words, { env: stand.env });
      const random = randomNumbers(SEED, `${job.name} ${words}`);
      for (let round = 0; round < ROUNDS; round++) {
        stand.reset();
        const { child, result } = startRun(stand.words, { env: stand.env });
        const moment = random() * milliseconds;
        for (const [index, signal] of signals.entries()) {
          await wait(index === 0 ? moment : random() * 10);
          child.kill(signal);
        }
        const { code } = await result;
        const what = `${words}, after ${moment.toFixed(1)} ms, exit ${code}`;
        // null: killed, or the signal came before the program was loaded.
        expect([0, null, ...(signals[0] === 'SIGTERM' ? [143] : [130])], what).toContain(code);
        if (code === 0) expect(stand.standing('strict'), what).toBe('new');
        // Whoever is asked to stop takes everything along.
        if (code !== null && signals.length === 1) expect(stand.left(), what).toEqual([]);
        await judge(stand, words, stand.standing('sloppy'), what);
      }
    },
    3_600_000,
  );
});
