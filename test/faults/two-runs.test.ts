import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { randomNumbers } from '../../src/random.js';
import { run, startRun } from '../support/cli.js';
import { isAll } from '../support/is-all.js';
import { SEED } from './chosen-steps.js';
import { JOBS, makeStand } from './jobs.js';
import { judge } from './judge.js';
import { keepTally } from './tally.js';

keepTally('two-runs');

const ROUNDS = isAll ? 15 : 1;
const jobs = isAll
  ? JOBS.filter(({ command }) => command === 'add')
  : JOBS.filter(({ name }) => name === 'add keras-json');

test.each(jobs)(
  'two runs of $name on one new output: one wins, the other is refused',
  async (job) => {
    const stand = await makeStand(job, false);
    for (let round = 0; round < ROUNDS; round++) {
      stand.reset();
      const results = await Promise.all([1, 2].map(() => run(stand.words, { env: stand.env })));
      expect(results.map(({ code }) => code).sort()).toEqual([0, 2]);
      expect(stand.left()).toEqual([]);
      await judge(stand, 'two runs at once on a new output', stand.standing('strict'), `round ${round}`);
    }
  },
  3_600_000,
);

test.each(jobs)(
  'two runs of $name on one old output: each wins or is told, nothing is mixed',
  async (job) => {
    const stand = await makeStand(job, true);
    for (let round = 0; round < ROUNDS; round++) {
      stand.reset();
      const results = await Promise.all([1, 2].map(() => run(stand.words, { env: stand.env })));
      expect(results.map(({ code }) => code)).toContain(0);
      for (const { code, stderr } of results) {
        expect([0, 2], stderr).toContain(code);
        if (code !== 0) expect(stderr).toMatch(/^se-retrofit: [^\n]+\n$/);
      }
      expect(stand.standing('strict')).toBe('new');
      expect(stand.left()).toEqual([]);
      await judge(stand, 'two runs at once with --force', stand.standing('strict'), `round ${round}`);
    }
  },
  3_600_000,
);

test.each(jobs)(
  `one of two runs of $name is killed (seed ${SEED}): what lives is not disturbed`,
  async (job) => {
    const stand = await makeStand(job, true);
    const { milliseconds } = await run(stand.words, { env: stand.env });
    const random = randomNumbers(SEED, job.name);
    for (let round = 0; round < ROUNDS; round++) {
      stand.reset();
      const [killed, other] = [startRun(stand.words, { env: stand.env }), startRun(stand.words, { env: stand.env })];
      await wait(random() * milliseconds * 1.5);
      killed.child.kill('SIGKILL');
      await killed.result;
      const { code, stderr } = await other.result;
      expect([0, 2], stderr).toContain(code);
      // A run that finds another's output in its place says so; that other may have been killed since.
      if (code === 0 && stand.standing('sloppy') !== 'absent') expect(stand.standing('strict')).toBe('new');
      await judge(stand, 'two runs with --force, one killed', stand.standing('sloppy'), `round ${round}`);
    }
  },
  3_600_000,
);
