// npm run check:nodes [-- TEST ...]: runs tests with each Node that is supported. The Nodes come from npm's registry, 120 MB
// each, into .cache/nodes.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const VERSIONS = ['20', '22', '24'];
const TESTS = ['test/cli', 'test/tensorflowjs', 'test/package'];

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const VITEST = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
const isWindows = process.platform === 'win32';
/** The packages that the npm package `node` chooses from: a program each, and no script that runs at installation. */
const PACKAGE = `node-${isWindows ? 'win' : process.platform}-${process.arch}`;

const given = process.argv.slice(2);
const failed = VERSIONS.filter((version) => {
  const node = nodeOf(version);
  run(node, ['--version']);
  return run(node, [VITEST, 'run', ...(given.length > 0 ? given : TESTS)]) !== 0;
});
console.log(failed.length === 0 ? `all passed on Node ${VERSIONS.join(', ')}` : `failed on Node ${failed.join(', ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;

function nodeOf(version) {
  const folder = join(ROOT, '.cache', 'nodes', version);
  const node = join(folder, 'node_modules', PACKAGE, 'bin', isWindows ? 'node.exe' : 'node');
  const install = ['install', '--prefix', folder, '--no-save', '--ignore-scripts', `${PACKAGE}@${version}`];
  if (!existsSync(node) && run('npm', install) !== 0) process.exit(1);
  return node;
}

function run(program, words) {
  const PATH = `${dirname(program)}${isWindows ? ';' : ':'}${process.env.PATH}`;
  const env = { ...process.env, ...(program === 'npm' ? {} : { PATH }) };
  return spawnSync(program, words, { cwd: ROOT, stdio: 'inherit', env, shell: isWindows }).status;
}
