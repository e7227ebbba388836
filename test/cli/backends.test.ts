import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { backendsReportSchema } from '../../src/index.js';
import { expectFailure, makeFolders, type Result, run } from '../support/cli.js';
import { modelFolder } from '../support/fixtures.js';
import { byTurns } from '../support/turns.js';

const newFolder = makeFolders();

/** Looks for backends where this script stands for the native one. */
function backends(script: string, ...words: readonly string[]): Promise<Result> {
  const folder = newFolder();
  const place = join(folder, 'node_modules', '@tensorflow', 'tfjs-node-gpu');
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, 'package.json'), '{"name": "@tensorflow/tfjs-node-gpu", "main": "index.js"}');
  writeFileSync(join(place, 'index.js'), script);
  return run(['backends', ...words], { env: { SE_RETROFIT_NATIVE: folder } });
}

const reportOf = ({ stdout }: Result) => backendsReportSchema.parse(JSON.parse(stdout));

const BROKEN = [
  [
    'a library is missing',
    "throw new Error('libtensorflow_cc.so.2: cannot open shared object file\\nfor no reason')",
    /^libtensorflow_cc\.so\.2: cannot open shared object file$/,
  ],
  ['native code aborts', "console.error('illegal instruction'); process.abort()", /^its process ended by SIGABRT/],
  ['it ends the process', "console.log('{ not ours'); process.exit(7)", /^its process ended with the exit code 7/],
  ['it is no backend', '', /'tensorflow' not found in registry/],
] as const;

test.each(byTurns(BROKEN, 4))('broken, %s: reported, and the others run', async (_, script, reason) => {
  const result = await backends(script, '--json');
  expect(result).toMatchObject({ code: 0, stderr: '' });
  const [native, , wasm, cpu] = reportOf(result).backends;
  expect(native).toMatchObject({ name: 'tfjs-node-gpu', runs: false, versions: null, matmul: null, usesGpu: false });
  expect(native!.reason).toMatch(reason);
  expect(native!.install).toContain('npm run backend:native');
  for (const backend of [wasm, cpu]) {
    expect(backend).toMatchObject({ runs: true, reason: null, usesGpu: false, versions: { tensorflow: null } });
    expect(backend!.matmul!.milliseconds).toBeGreaterThan(0);
    expect(backend!.matmul!.gflops).toBeGreaterThan(0);
  }
});

test('for people: a table, what auto takes, why some do not run and how to get them', async () => {
  const { code, stdout, stderr } = await backends("throw new Error('not for \\u001b[31mthis machine')");
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^backend +runs +on +GFLOP\/s +512 x 512 product +version\ntfjs-node-gpu +no .*\n/);
  expect(stdout).toMatch(/\nNode v\d+\.\d+\.\d+; --backend auto takes [\w-]+\n/);
  expect(stdout).toContain('\ntfjs-node-gpu: not for \\u001b[31mthis machine\n  to get it: ');
});

test('a backend that was asked for and is missing is the one that the message names', async () => {
  const model = modelFolder('resnet-cifar');
  const result = await run(['verify', model, model, '--backend', 'tfjs-node']);
  expectFailure(result, 2, /^se-retrofit: tfjs-node does not run here: Cannot find module '@tensorflow\/tfjs-node' \(/);
});

test.each([
  [['model.json'], /too many arguments/],
  [['--backend', 'wasm'], /unknown option '--backend'/],
])('%j: 2', async (words, said) => {
  expectFailure(await run(['backends', ...words]), 2, said);
});

test.each([
  ['process.abort()', /^warning: tfjs-node-gpu does not run here: its process ended by SIGABRT/],
  ["throw new Error('wrong library')", /^warning: tfjs-node-gpu does not run here: wrong library\n/],
])('auto tries native code elsewhere first, and goes on without it: %s', async (script, said) => {
  const folder = newFolder();
  const place = join(folder, 'node_modules', '@tensorflow', 'tfjs-node-gpu');
  mkdirSync(join(place, 'lib'), { recursive: true });
  writeFileSync(join(place, 'package.json'), '{"name": "@tensorflow/tfjs-node-gpu", "main": "index.js"}');
  writeFileSync(join(place, 'index.js'), script);
  const model = modelFolder('resnet-cifar');
  const { code, stdout, stderr } = await run(['verify', model, model], { env: { SE_RETROFIT_NATIVE: folder } });
  expect(stderr).toMatch(said);
  expect(stdout).toMatch(/identical, bit for bit \(4 examples, (?:tfjs-node|wasm)\)\n$/);
  expect(code).toBe(0);
});

const native = inject('native');

test.skipIf('reason' in native)('a native backend that was built here comes first', async () => {
  const { folder } = native as { readonly folder: string };
  const report = reportOf(await run(['backends', '--json'], { env: { SE_RETROFIT_NATIVE: folder } }));
  expect(report.chosen).toBe('tfjs-node-gpu');
  expect(report.backends[0]).toMatchObject({ runs: true, versions: { tensorflow: expect.stringMatching(/^2\./) } });
});
