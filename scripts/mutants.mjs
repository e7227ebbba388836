// npm run mutants [-- --count 60 --seed 1 --minutes 30]: changes the source in small ways, one at a time, and tells which
// changes no test notices. Each is tried in a copy, .cache/mutants, where what was found is kept: an interrupted run goes on.

import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import ts from 'typescript';
import { randomNumbers, shuffled } from '../dist/src/random.js';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const VITEST = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
const COPY = join(ROOT, '.cache', 'mutants', 'copy');
const RESULTS = join(ROOT, '.cache', 'mutants', 'results.json');
/** The tests read more than the source. */
const COPIED = [
  ...['src', 'test', 'fixtures', 'docs', 'scripts', 'bin', 'schemas', 'examples'],
  ...['package.json', 'vitest.config.ts', 'tsconfig.json', 'tsconfig.build.json', 'README.md', 'README.zh-CN.md'],
];
/** Where mutants are made. */
const FOLDERS = ['plan', 'model', 'formats'];
/** A mutant that makes a loop endless is killed by the clock. */
const PATIENCE_MILLISECONDS = 900_000;

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '600' },
  },
});
const until = Date.now() + Number(values.minutes) * 60_000;

/** @typedef {{ path: string, line: number, start: number, end: number, from: string, to: string }} Mutant */

const BINARY = new Map([
  [ts.SyntaxKind.LessThanToken, '<='],
  [ts.SyntaxKind.LessThanEqualsToken, '<'],
  [ts.SyntaxKind.GreaterThanToken, '>='],
  [ts.SyntaxKind.GreaterThanEqualsToken, '>'],
  [ts.SyntaxKind.EqualsEqualsEqualsToken, '!=='],
  [ts.SyntaxKind.ExclamationEqualsEqualsToken, '==='],
  [ts.SyntaxKind.AmpersandAmpersandToken, '||'],
  [ts.SyntaxKind.BarBarToken, '&&'],
  [ts.SyntaxKind.MinusToken, '+'],
  [ts.SyntaxKind.AsteriskToken, '/'],
  [ts.SyntaxKind.SlashToken, '*'],
]);

/** @param {string} path @returns {Mutant[]} */
function mutantsIn(path) {
  const text = readFileSync(join(ROOT, path), 'utf8');
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  /** @type {Mutant[]} */
  const mutants = [];
  const add = (/** @type {ts.Node} */ node, /** @type {string} */ to) => {
    const [start, end] = [node.getStart(source), node.end];
    const line = source.getLineAndCharacterOfPosition(start).line + 1;
    mutants.push({ path, line, start, end, from: text.slice(start, end), to });
  };
  const visit = (/** @type {ts.Node} */ node) => {
    // Types say nothing when a program runs.
    if (ts.isTypeNode(node)) return;
    if (ts.isBinaryExpression(node)) {
      const to = BINARY.get(node.operatorToken.kind);
      if (to !== undefined) add(node.operatorToken, to);
    } else if (node.kind === ts.SyntaxKind.TrueKeyword) add(node, 'false');
    else if (node.kind === ts.SyntaxKind.FalseKeyword) add(node, 'true');
    else if (ts.isNumericLiteral(node)) add(node, String(Number(node.text) + 1));
    else if (ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.ExclamationToken)
      add(node, node.operand.getText(source));
    else if (ts.isConditionalExpression(node)) {
      const [yes, no] = [node.whenTrue.getText(source), node.whenFalse.getText(source)];
      add(node, `${node.condition.getText(source)} ? ${no} : ${yes}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return mutants;
}

/** @param {readonly string[]} words @returns {boolean} whether the tests notice */
function fails(...words) {
  const { status } = spawnSync(process.execPath, [VITEST, 'run', '--bail', '1', '--reporter', 'dot', ...words], {
    cwd: COPY,
    stdio: 'ignore',
    timeout: PATIENCE_MILLISECONDS,
  });
  return status !== 0;
}

/** The projects that need nothing set up. */
const UNIT = ['--project', 'unit', '--project', 'thorough'];

/** What is written as bytes notices most, and then the tests beside what was changed. @param {Mutant} mutant */
function isKilledByUnit({ path }) {
  const near = `test/${path.split('/')[1]}`;
  return (
    fails(...UNIT, 'test/formats/written-bytes') || fails(...UNIT, near) || fails(...UNIT, '--exclude', `${near}/**`)
  );
}

const isKilledByRuntime = () => fails('--project', 'runtime');

rmSync(COPY, { recursive: true, force: true });
mkdirSync(COPY, { recursive: true });
for (const name of COPIED) cpSync(join(ROOT, name), join(COPY, name), { recursive: true });
for (const name of ['node_modules', 'dist', '.cache']) symlinkSync(join(ROOT, name), join(COPY, name));

const files = FOLDERS.flatMap((folder) =>
  readdirSync(join(ROOT, 'src', folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `src/${folder}/${name}`),
).sort();
const random = randomNumbers(Number(values.seed), 'mutants');
const chosen = shuffled(files.flatMap(mutantsIn), random).slice(0, Number(values.count));
/** @type {Record<string, 'killed' | 'survived unit' | 'survived'>} */
const results = existsSync(RESULTS) ? JSON.parse(readFileSync(RESULTS, 'utf8')) : {};

/** The tests of `runtime` take minutes: what is left to them comes when all else is known. */
for (const [standing, isKilled, survived] of /** @type {const} */ ([
  [undefined, isKilledByUnit, 'survived unit'],
  ['survived unit', isKilledByRuntime, 'survived'],
])) {
  for (const mutant of chosen) {
    const name = `${mutant.path}:${mutant.line} ${mutant.from} -> ${mutant.to}`;
    if (results[name] !== standing || Date.now() > until) continue;
    const text = readFileSync(join(ROOT, mutant.path), 'utf8');
    writeFileSync(join(COPY, mutant.path), text.slice(0, mutant.start) + mutant.to + text.slice(mutant.end));
    results[name] = isKilled(mutant) ? 'killed' : survived;
    writeFileSync(join(COPY, mutant.path), text);
    writeFileSync(RESULTS, `${JSON.stringify(results, undefined, 1)}\n`);
    console.log(results[name].padEnd(13), name);
  }
}
const tried = Object.values(results);
console.log(`${tried.filter((result) => result === 'killed').length} of ${tried.length} killed`);
