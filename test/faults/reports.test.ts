import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { readModel, retrofit, writeModel } from '../../src/index.js';
import { nodeStorage } from '../../src/storage/node/node-storage.js';
import { findCheckpoint } from '../../src/tune/checkpoint.js';
import { BIN, bytesIn, makeFolders, runProgram } from '../support/cli.js';
import { modelFolder } from '../support/fixtures.js';
import { isAll } from '../support/is-all.js';
import { writePictures } from '../support/labelled-pictures.js';
import { chooseSome, chooseSteps, SEED } from './chosen-steps.js';
import { runFaulty, takeJournal } from './faulty-runs.js';
import { keepTally, type Standing, tally } from './tally.js';

// What else is written: reports, tables, checkpoints. Each file of them is whole, or the old one, or not there.

keepTally('reports');

const newFolder = makeFolders();
const OLD = 'what stood here before\n';
const HOURS = 4 * 3_600_000;
const SOME = isAll ? Number.POSITIVE_INFINITY : 1;

/** A model with modules, and pictures of its classes. */
let shared: string;

beforeAll(async () => {
  shared = newFolder();
  mkdirSync(join(shared, 'in'));
  await writePictures(join(shared, 'in', 'pictures'), ['a', 'b', 'c', 'd', 'e'], 3);
  await writeModel(await readModel(modelFolder('resnet-dropout')), join(shared, 'in', 'plain'));
  await writeModel(retrofit(await readModel(join(shared, 'in', 'plain')), { ratio: 2 }), join(shared, 'in', 'model'));
});

/** A command that writes reports into the folder `out`, with what tells each of them whole. */
interface Reporting {
  readonly name: string;
  readonly words: readonly string[];
  /** By the file's name: what a whole one ends with. */
  readonly endings: Readonly<Record<string, RegExp>>;
  /** Files that stand there before and may be replaced. */
  readonly old: readonly string[];
}

const PAGE_END = /<\/html>\s*$/;

const REPORTINGS: readonly Reporting[] = [
  {
    name: 'add --markdown',
    words: ['in/plain', '-o', 'out/model', '--markdown', 'out/report.md', '--quiet', '--force'],
    endings: { 'report.md': /, \d+ ms\n$/ },
    old: ['report.md'],
  },
  {
    name: 'excite -o --csv',
    words: [
      'excite',
      'in/model',
      'in/pictures',
      '-o',
      'out/report',
      '--csv',
      'out/gates.csv',
      '--backend',
      'cpu',
      '--quiet',
      '--force',
    ],
    endings: { 'report/index.html': PAGE_END, 'gates.csv': /\d\s*$/ },
    old: ['gates.csv'],
  },
  {
    name: 'tune --checkpoints --html',
    words: [
      'tune',
      'in/model',
      'in/pictures',
      '-o',
      'out/model',
      '--html',
      'out/page.html',
      '--checkpoints',
      'out/checkpoints',
      '--backend',
      'cpu',
      '--epochs',
      '2',
      '--batch',
      '16',
      '--quiet',
      '--force',
    ],
    endings: { 'page.html': PAGE_END },
    old: ['page.html'],
  },
];

/** The worst that stands in the folder. */
function standingIn(root: string, { endings }: Reporting): Standing {
  const found = Object.entries(endings).map(([name, ending]): Standing => {
    const path = join(root, 'out', name);
    if (!existsSync(path)) return 'absent';
    const text = readFileSync(path, 'utf8');
    if (text === OLD) return 'old';
    return ending.test(text) ? 'new' : 'other';
  });
  return (['other', 'absent', 'old', 'new'] as const).find((standing) => found.includes(standing))!;
}

describe.each(chooseSome(REPORTINGS, 1, 'reports'))(`$name, killed at a step (seed ${SEED})`, (reporting) => {
  test(
    'every file is whole, the old one or absent; the next run goes on',
    async () => {
      const root = newFolder();
      cpSync(join(shared, 'in'), join(root, 'in'), { recursive: true });
      mkdirSync(join(root, 'tmp'));
      const words = reporting.words.map((word) => (/^(?:in|out)\//.test(word) ? join(root, word) : word));
      const stand = { root, words, env: { TMPDIR: join(root, 'tmp') } };
      const reset = () => {
        rmSync(join(root, 'out'), { recursive: true, force: true });
        mkdirSync(join(root, 'out'));
        for (const name of reporting.old) writeFileSync(join(root, 'out', name), OLD);
      };
      const hidden = () =>
        readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => /se-retrofit-|(?:^|\/)\./.test(name));
      const before = bytesIn(join(root, 'in'));
      reset();
      expect((await runFaulty(stand, { scope: 'write', at: 0, kind: 'count', forGood: false })).code).toBe(0);
      const calls = takeJournal(stand);
      expect(standingIn(root, reporting)).toBe('new');
      const model = join(root, 'out', 'model');
      const whole = existsSync(model) ? bytesIn(model) : undefined;

      for (const kind of chooseSome(['kill', 'tear'], 1, 'reports')) {
        for (const at of chooseSteps(calls.length, SOME, `${reporting.name} ${kind}`)) {
          reset();
          const what = `${kind} ${at} (${calls[at]})`;
          const { code } = await runFaulty(stand, { scope: 'write', at, kind, forGood: false });
          expect(code, what).toBe(null);
          const standing = standingIn(root, reporting);
          const checkpoints = join(root, 'out', 'checkpoints');
          // Half a checkpoint would be refused here.
          const isResumed = (await findCheckpoint(nodeStorage, checkpoints)) !== undefined;
          const again = { ...stand, words: [...words, ...(isResumed ? ['--resume'] : [])] };
          const next = await runFaulty(again, { scope: 'write', at: 0, kind: 'none', forGood: false });
          expect(next.code, `${what}: ${next.stderr}`).toBe(0);
          takeJournal(stand);
          const left = hidden();
          const isInputIntact = JSON.stringify([...bytesIn(join(root, 'in'))]) === JSON.stringify([...before]);
          const injected = `SIGKILL ${kind === 'kill' ? 'before' : 'in the middle of'} a call`;
          tally({ injected, job: reporting.name, standing, isInputIntact, left });
          expect(standing, what).not.toBe('other');
          expect(standingIn(root, reporting), what).toBe('new');
          expect(left, what).toEqual([]);
          expect(isInputIntact, what).toBe(true);
          // Gone on from a checkpoint, tune comes to the very same weights.
          if (whole !== undefined) expect(bytesIn(model), what).toEqual(whole);
        }
      }
    },
    HOURS,
  );
});

test('add --json into a pipe that nobody reads: the model is written', async () => {
  const root = newFolder();
  cpSync(join(shared, 'in', 'plain'), join(root, 'plain'), { recursive: true });
  const words = [process.execPath, BIN, join(root, 'plain'), '-o', join(root, 'closed'), '--json'];
  const { stdout, stderr } = await runProgram('bash', ['-c', `"$0" "$@" | true; echo \${PIPESTATUS[0]}`, ...words]);
  expect(stderr).not.toMatch(/EPIPE|Error/);
  expect(stdout.trim()).toBe('0');
  const read = bytesIn(join(root, 'closed'));
  expect(read.size).toBeGreaterThan(1);
  tally({ injected: '--json into a closed pipe', job: 'add tfjs', standing: 'new', isInputIntact: true, left: [] });
});
