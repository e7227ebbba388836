import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { copyFixture, expectFailure, LONG_PATIENCE_MILLISECONDS, namesIn, runProgram } from '../support/cli.js';
import { modelFolder } from '../support/fixtures.js';
import { isAll } from '../support/is-all.js';
import { writePictures } from '../support/labelled-pictures.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { installPackage, type PackedPackage, packPackage } from './installed-package.js';

/** The library's modules, and those of the command line put together beside them. */
const LARGEST_BYTES = 1_000_000;
const MODEL = 'resnet-v1';

vi.setConfig({ testTimeout: LONG_PATIENCE_MILLISECONDS });

const folder = temporaryFolder();
const project = join(folder, 'project');
let packed: PackedPackage;

beforeAll(async () => {
  packed = await packPackage(folder);
  await installPackage(packed.tarball, project);
  copyFixture(MODEL, project);
  await writePictures(join(project, 'images'), ['ant', 'bee', 'cat', 'dog', 'elk'], 2);
});

/** The command line as the scripts of a project call it. */
const installed = (...words: readonly string[]) =>
  runProgram(join(project, 'node_modules', '.bin', 'se-retrofit'), words, { cwd: project });

test('the package holds what was compiled of the source, and little else', () => {
  const source = readdirSync('src', { recursive: true, encoding: 'utf8' }).map((name) => `src/${name}`);
  // The command line is there in one piece, and nobody imports its parts.
  const imported = source.filter((name) => !/^src[\\/]cli[\\/]/.test(name));
  const compiled = [...imported, 'bin/se-retrofit.ts'].flatMap((name) => {
    const [, stem, kind] = /^(.*)\.(ts|mjs)$/.exec(name) ?? [];
    if (kind === undefined || name.endsWith('.d.ts') || name.endsWith('.d.mts')) return [];
    // Reports name types of what trains, and no export runs it.
    if (name.startsWith('src/tune/')) return [`dist/${stem}.d.ts`];
    return kind === 'ts' ? [`dist/${stem}.js`, `dist/${stem}.d.ts`] : [`dist/${stem}.mjs`, `dist/${stem}.d.mts`];
  });
  const texts = readdirSync('.').filter((name) => /^README(\..+)?\.md$/.test(name));
  const others = ['LICENSE', 'CHANGELOG.md', 'package.json', 'schemas/config.schema.json', ...texts];
  const native = ['scripts/backend-native.mjs', 'scripts/binding-lists.cc', 'scripts/quiet-binding.cc'];
  // The command line's modules, put together: scripts/bundle.mjs.
  const isBundled = (name: string) => /^dist\/src\/bundle\/[\w-]+\.m?js$/.test(name);
  expect(packed.files.some(isBundled)).toBe(true);
  expect(packed.files.filter((name) => !isBundled(name))).toEqual([...compiled, ...others, ...native].sort());
  console.info(`the package: ${packed.files.length} files, ${Math.round(packed.size / 1000)} kB packed`);
  expect(packed.size).toBeLessThan(LARGEST_BYTES);
});

describe('without the optional packages', () => {
  test('add, inspect, convert and strip work', async () => {
    expect(existsSync(join(project, 'node_modules', '@tensorflow'))).toBe(false);
    expect(await runProgram('npx', ['se-retrofit', 'inspect', MODEL, '--json'], { cwd: project })).toMatchObject({
      code: 0,
      stderr: '',
    });
    expect(await installed(MODEL, '-o', 'se.keras', '--quiet')).toMatchObject({ code: 0, stderr: '' });
    expect(await installed('convert', 'se.keras', '-o', 'web', '--quiet')).toMatchObject({ code: 0, stderr: '' });
    expect(await installed('strip', 'web', '-o', 'plain', '--quiet')).toMatchObject({ code: 0, stderr: '' });
    expect(namesIn(join(project, 'plain'))).toContain('model.json');
  });

  test('what computes says in one line what to install', async () => {
    // All that is missing, not one after the other.
    const install = /\(npm install (?:[@a-z0-9/-]+@\d+\.\d+\.\d+ ?)+ sharp@\d+\.\d+\.\d+\)$/m;
    for (const words of [
      ['verify', MODEL, MODEL],
      ['excite', MODEL, 'images'],
      ['tune', MODEL, 'images', '-o', 'tuned'],
      ['bake', 'se.keras', 'images', '-o', 'lean'],
      [MODEL, '-o', 'verified', '--verify'],
    ]) {
      expectFailure(await installed(...words), 2, install, 'is not installed');
    }
    expect(await installed('backends', '--json')).toMatchObject({ code: 0 });
    const { stdout } = await installed('backends');
    expect(stdout.split('is not installed').length - 1).toBe(1);
    expect(stdout).not.toMatch(/dist\/|imported from/);
    expect(existsSync(join(project, 'verified'))).toBe(false);
  });
});

const PROGRAM = `
import { addReportSchema, inspect, planRetrofit, readModel, type Plan, RetrofitError, retrofit, writeModel } from 'se-retrofit';
import { createRequire } from 'node:module';

const model = await readModel('${MODEL}');
const plan: Plan = planRetrofit(model, { ratio: 4, skipStages: ['last'] });
const { path, bytes } = await writeModel(retrofit(model, plan), process.argv[2]!);
if (inspect(await readModel(path)).modules.length !== plan.sites.length || !(bytes > 0)) throw new Error('modules');
try {
  await readModel('nowhere');
} catch (error) {
  if (!(error instanceof RetrofitError) || error.code !== 'not-found') throw error;
}
addReportSchema.shape.exact.parse(plan.exact);
const schema: unknown = createRequire(import.meta.url)('se-retrofit/config.schema.json');
console.log(path, typeof schema);
`;
const NODE_TYPES = `
declare module 'node:module' { export function createRequire(url: string): (name: string) => unknown }
declare const process: { readonly argv: readonly string[] };
declare const console: { log(...words: readonly unknown[]): void };
declare class URL {}
interface ImportMeta { readonly url: string }
`;

describe('the library', () => {
  const { ModuleKind, ModuleResolutionKind } = ts;

  test.each([
    ['node16', ModuleKind.Node16, ModuleResolutionKind.Node16, false],
    ['bundler', ModuleKind.ESNext, ModuleResolutionKind.Bundler, true],
  ] as const)('has the right types for %s', async (name, module, moduleResolution, skipLibCheck) => {
    const sources = { [`${name}.ts`]: PROGRAM, [`${name}-node.d.ts`]: NODE_TYPES };
    for (const [file, text] of Object.entries(sources)) writeFileSync(join(project, file), text);
    const program = ts.createProgram(
      Object.keys(sources).map((file) => join(project, file)),
      {
        target: ts.ScriptTarget.ES2022,
        lib: ['lib.es2022.d.ts'],
        types: [],
        strict: true,
        module,
        moduleResolution,
        // Once for all: our own declarations and those of the packages they name, too.
        skipLibCheck,
      },
    );
    const complaints = ts.getPreEmitDiagnostics(program).map(({ file, messageText }) => ({
      file: file?.fileName,
      text: ts.flattenDiagnosticMessageText(messageText, '\n'),
    }));
    expect(complaints).toEqual([]);
    program.emit();
    const run = await runProgram(process.execPath, [`${name}.js`, `of-${name}`], { cwd: project });
    expect(run).toMatchObject({ code: 0, stderr: '', stdout: `of-${name}/model.json object\n` });
  });

  test('is there for CommonJS by import()', async () => {
    writeFileSync(
      join(project, 'commonjs.cjs'),
      `import('se-retrofit').then(({ readModel }) => readModel('${MODEL}')).then(({ format }) => console.log(format.container));`,
    );
    const run = await runProgram(process.execPath, ['commonjs.cjs'], { cwd: project });
    expect(run).toMatchObject({ code: 0, stderr: '', stdout: 'tfjs\n' });
  });
});

// 150 MB, half a minute.
if (isAll) {
  test('with the optional packages it computes', async () => {
    const whole = join(folder, 'whole');
    await installPackage(packed.tarball, whole, []);
    const words = ['se-retrofit', modelFolder(MODEL), '-o', 'se', '--verify', '--json'];
    const run = await runProgram('npx', words, { cwd: whole });
    expect(JSON.parse(run.stdout).verified.identical).toBe(true);
    expect(run.code).toBe(0);
  });
}
