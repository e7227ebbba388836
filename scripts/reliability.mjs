// npm run reliability: breaks the tool at every step, on purpose, and writes what came of it into docs/RELIABILITY.md.
// `-- --slice` tries some steps of each kind only; `-- --from FOLDER` takes the counts of an earlier run.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const PAGE = join(ROOT, 'docs', 'RELIABILITY.md');
const BEGIN = '<!-- written by npm run reliability -->';
const END = '<!-- end of what npm run reliability writes -->';

const words = process.argv.slice(2);
const from = words.includes('--from') ? words[words.indexOf('--from') + 1] : undefined;
const folder = from ?? mkdtempSync(join(tmpdir(), 'se-retrofit-reliability-'));

if (from === undefined) {
  const require = createRequire(import.meta.url);
  const env = { ...process.env, SE_RETROFIT_RELIABILITY: folder };
  if (!words.includes('--slice')) env.SE_RETROFIT_TEST_ALL = '1';
  runNode([require.resolve('typescript/bin/tsc'), '-p', 'tsconfig.build.json'], env);
  const vitest = join(dirname(require.resolve('vitest/package.json')), 'vitest.mjs');
  runNode([vitest, 'run', 'test/faults'], env);
}

const parts = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .sort()
  .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')));
if (parts.length === 0) throw new Error(`${folder} holds no counts`);
const page = readFileSync(PAGE, 'utf8');
const [head, tail] = [page.split(BEGIN)[0], page.split(END)[1]];
writeFileSync(PAGE, `${head}${BEGIN}\n\n${countsOf(parts)}\n\n${END}${tail}`);
console.log(`docs/RELIABILITY.md holds the counts of ${folder}`);

/** @param {string[]} args @param {NodeJS.ProcessEnv} env */
function runNode(args, env) {
  const { status } = spawnSync(process.execPath, args, { cwd: ROOT, env, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

/** @param {any[]} runs the counts of the test files */
function countsOf(runs) {
  const { date, node, system, seed } = runs[0].run;
  const isAll = runs.every(({ run }) => run.isAll);
  const lines = runs.flatMap((part) => part.lines);
  const notes = runs.flatMap((part) => part.notes);
  const total = lines.reduce((sum, line) => sum + line.runs, 0);
  const steps = notes.filter(({ kind }) => kind === 'steps').map(({ text }) => text);
  const skipped = notes.filter(({ kind }) => kind === 'skipped').map(({ text }) => `- ${text}`);
  return [
    `${date}, Node ${node}, ${system}; ${isAll ? 'every step' : 'a slice of the steps (--slice)'}, seed ${seed}: **${total} faults injected**.`,
    '',
    '| injected | into | runs | old | new | absent | anything else | input changed | temporaries left |',
    '| --- | --- | --: | --: | --: | --: | --: | --: | --: |',
    ...[...new Set(lines.map(({ injected }) => injected))].flatMap((injected) => rowsOf(lines, injected)),
    '',
    ...(steps.length === 0 ? [] : [`Calls that change something, in a run without faults: ${steps.join('; ')}.`]),
    ...(skipped.length === 0 ? [] : ['', 'Not tested here:', '', ...new Set(skipped)]),
  ].join('\n');
}

/** @param {any[]} lines @param {string} injected */
function rowsOf(lines, injected) {
  const own = lines.filter((line) => line.injected === injected);
  return own.map(
    (line, index) =>
      `| ${index === 0 ? injected : ''} | ${line.job} | ${[line.runs, line.old, line.new, line.absent, line.other, line.inputChanged, line.temporariesLeft].join(' | ')} |`,
  );
}
