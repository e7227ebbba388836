import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { addReportSchema, errorReportSchema, inspectReportSchema } from '../../src/index.js';
import { copyFixture, expectFailure, makeFolders, namesIn, run } from '../support/cli.js';
import { runHere } from '../support/cli-here.js';
import { modelFolder } from '../support/fixtures.js';

const newFolder = makeFolders();

/** Everything that could be a command to a terminal: control characters other than the line feed. */
const CONTROL = /[\p{Cc}]/u;
const withoutLineFeeds = (text: string) => text.replaceAll('\n', '');

describe('what a run prints', () => {
  test('data on stdout: a row a stage, the totals, the output; messages on stderr', async () => {
    const folder = newFolder();
    const model = copyFixture('resnet-v1', folder);
    const { code, stdout, stderr } = await run([model]);
    expect(code).toBe(0);
    const lines = stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^stage +size +blocks +modules +channels -> units +\+params +\+MACs +exact by$/);
    expect(lines.slice(1, 5).map((line) => line.trim()[0])).toEqual(['1', '2', '3', '4']);
    expect(lines[5]).toMatch(/^6 modules: \+288 parameters .*formula at r = 16/);
    expect(lines[6]).toMatch(/resnet-v1-se\/model\.json {2}\(\d.* -> \d.*, \d+ ms\)$/);
    expect(lines).toHaveLength(7);
    expect(stderr).toContain("startsWith('se_')");
  });

  test('long paths with the name of the file, in the Markdown report too', async () => {
    const folder = join(newFolder(), 'x'.repeat(120), 'y'.repeat(120));
    mkdirSync(folder, { recursive: true });
    const model = copyFixture('resnet-v1', folder);
    const { stdout } = await runHere([model, '-o', join(folder, 'new.keras'), '--markdown', join(folder, 'report.md')]);
    expect(stdout).toContain(`${join(folder, 'new.keras')}  (`);
    const report = readFileSync(join(folder, 'report.md'), 'utf8');
    expect(report).toContain(`Written to \`${join(folder, 'new.keras')}\``);
    expect(report).toContain(`Squeeze-and-Excitation: \`${model}\``);
  });

  test('a warning is a message', async () => {
    const model = copyFixture('optimizer-end', newFolder());
    const { code, stdout, stderr } = await run([model]);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^warning: .*optimizer.*left out/m);
    expect(stdout).not.toContain('warning');
  });

  test.each([{}, { NO_COLOR: '1' }, { FORCE_COLOR: '3' }, { NO_COLOR: '1', FORCE_COLOR: '1', COLORTERM: 'truecolor' }])(
    'no escape codes off a terminal: %o',
    async (env: Record<string, string>) => {
      const model = copyFixture('optimizer-end', newFolder());
      const { code, stdout, stderr } = await run([model], { env });
      expect(code).toBe(0);
      expect(withoutLineFeeds(stdout + stderr)).not.toMatch(CONTROL);
    },
  );

  test('--quiet prints nothing, warnings included', async () => {
    const model = copyFixture('optimizer-end', newFolder());
    expect(await run([model, '--quiet'])).toMatchObject({ code: 0, stdout: '', stderr: '' });
    expect(existsSync(`${model}-se/model.json`)).toBe(true);
  });

  test('--quiet still prints errors', async () => {
    expectFailure(await run(['nowhere.json', '--quiet'], { cwd: newFolder() }), 4, 'nowhere.json', 'no such file');
  });
});

describe('--json', () => {
  test('add: one object of the published schema', async () => {
    const model = copyFixture('resnet-v1', newFolder());
    const { code, stdout, stderr } = await run([model, '--json']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.trimEnd()).not.toContain('\n');
    const report = addReportSchema.strict().parse(JSON.parse(stdout));
    expect(report.output?.path).toBe(join(`${model}-se`, 'model.json'));
    expect([...report.output!.files].sort()).toEqual(namesIn(`${model}-se`));
    expect(report.sites).toHaveLength(6);
    expect(report.params).toMatchObject({ before: 3331, added: 288, after: 3619 });
    expect(report.exact).toBe(true);
  });

  test.each(['resnet-v1', 'efficientnet-like', 'mobilenet-v3-like', 'nested-deep', 'conv3d-plain', 'unet-resizable'])(
    'inspect %s: one object of the published schema',
    async (name) => {
      const { code, stdout, stderr } = await run(['inspect', modelFolder(name), '--json']);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      const report = inspectReportSchema.strict().parse(JSON.parse(stdout));
      expect(report.output).toBeNull();
      expect(report.loads.map(({ loader }) => loader)).toEqual(['tfjs', 'keras2', 'keras3']);
    },
  );

  test.each([
    ['a missing model', ['nowhere.json', '--json'], 4, 'add', 'not-found'],
    ['the same for inspect', ['inspect', 'nowhere.json', '--json'], 4, 'inspect', 'not-found'],
    ['the command by its name', ['add', 'nowhere.json', '--json'], 4, 'add', 'not-found'],
    ['an unknown flag', ['nowhere.json', '--json', '--nope'], 2, 'add', 'bad-flags'],
    ['an unknown flag, first', ['--nope', 'nowhere.json', '--json'], 2, 'add', 'bad-flags'],
    ['an unknown flag of inspect', ['inspect', 'nowhere.json', '--json', '--nope'], 2, 'inspect', 'bad-flags'],
    ['a flag without its value', ['nowhere.json', '--json', '--ratio'], 2, 'add', 'bad-flags'],
    ['no model', ['--json'], 2, 'add', 'bad-flags'],
    ['two models', ['.', 'two', '--json'], 2, 'add', 'bad-flags'],
    ['a bad option', ['nowhere.json', '--json', '--ratio', '0'], 2, 'add', 'bad-option'],
  ] as const)('fails as JSON too: %s', async (_, words, code, command, errorCode) => {
    const result = await run(words, { cwd: newFolder() });
    const report = errorReportSchema.strict().parse(JSON.parse(result.stdout));
    expect(report).toMatchObject({ version: 1, command, error: { code: errorCode } });
    expect(report.error.hint).not.toBeNull();
    expect(result.stderr).toMatch(/^se-retrofit: [^\n]+\n$/);
    expect(result.code).toBe(code);
  });
});

describe('--dry-run', () => {
  test('writes nothing, reports the same', async () => {
    const folder = newFolder();
    const model = copyFixture('resnet-v1', folder);
    const before = namesIn(folder);
    const dry = await run([model, '--dry-run', '--json']);
    expect(dry.code).toBe(0);
    expect(namesIn(folder)).toEqual(before);
    const planned = addReportSchema.parse(JSON.parse(dry.stdout));
    const done = addReportSchema.parse(JSON.parse((await run([model, '--json'])).stdout));
    expect(planned.output).toBeNull();
    expect({ ...planned, output: null, milliseconds: 0 }).toEqual({ ...done, output: null, milliseconds: 0 });
  });

  test('does not look at the output', async () => {
    const model = copyFixture('resnet-v1', newFolder());
    expect((await run([model])).code).toBe(0);
    const result = await run([model, '--dry-run']);
    expect(result.code).toBe(0);
    expect(result.stderr).toContain('nothing was written');
    expect((await run([model, '--dry-run', '-o', model])).code).toBe(0);
  });
});

describe('--markdown', () => {
  test('writes the report to a file', async () => {
    const folder = newFolder();
    const model = copyFixture('resnet-v1', folder);
    expect((await run([model, '--markdown', join(folder, 'report.md')])).code).toBe(0);
    const text = readFileSync(join(folder, 'report.md'), 'utf8');
    expect(text).toContain('6 modules: +288 parameters');
    expect(text).toMatch(/^\| stage \|/m);
    expect(text).toContain('`se_2_1`');
  });

  test('replaces an empty file, and one that holds something with --force only', async () => {
    const folder = newFolder();
    const model = copyFixture('resnet-v1', folder);
    const report = join(folder, 'report.md');
    writeFileSync(report, '');
    expect((await run(['inspect', model, '--markdown', report])).code).toBe(0);
    writeFileSync(report, 'notes of mine');
    expectFailure(await run([model, '--markdown', report]), 2, 'report.md');
    expect(readFileSync(report, 'utf8')).toBe('notes of mine');
    expect(namesIn(folder)).not.toContain('resnet-v1-se');
    expect((await run([model, '--markdown', report, '--force'])).code).toBe(0);
    expect(readFileSync(report, 'utf8')).toMatch(/^\| stage \|/m);
  });

  test('the same run writes the same report, and says where', async () => {
    const folder = newFolder();
    const model = copyFixture('resnet-v1', folder);
    const [one, two] = [join(folder, 'one.md'), join(folder, 'two.md')];
    expect((await run([model, '--dry-run', '--markdown', one])).stderr).toContain(`the Markdown report: ${one}`);
    expect((await run([model, '--dry-run', '--markdown', two, '--quiet'])).stderr).toBe('');
    expect(readFileSync(two, 'utf8')).toBe(readFileSync(one, 'utf8'));
  });

  test('goes behind what other steps have put into the summary of a pipeline', async () => {
    const folder = newFolder();
    const model = copyFixture('resnet-v1', folder);
    const summary = join(folder, 'summary');
    writeFileSync(summary, '# Of another step');
    const env = { GITHUB_STEP_SUMMARY: summary };
    // Under another name, too.
    expect((await run([model, '--quiet', '--markdown', 'summary'], { env, cwd: folder })).code).toBe(0);
    expect(readFileSync(summary, 'utf8')).toMatch(/^# Of another step\n## Squeeze-and-Excitation/);
  });

  test.each([
    ['markdown', 'report.html', '.md'],
    ['html', 'page.pdf', '.html'],
    ['html', 'page.svg', '.html'],
  ])('--%s %s: the name says something else', async (flag, name, hint) => {
    const folder = newFolder();
    const model = copyFixture('resnet-v1', folder);
    expectFailure(await run([model, `--${flag}`, join(folder, name)]), 2, name, hint);
    expect(namesIn(folder)).not.toContain(name);
    expect(namesIn(folder)).not.toContain('resnet-v1-se/');
  });

  test('works for inspect', async () => {
    const folder = newFolder();
    const model = copyFixture('resnet-v1', folder);
    expect((await run(['inspect', model, '--markdown', join(folder, 'report.md')])).code).toBe(0);
    const report = readFileSync(join(folder, 'report.md'), 'utf8');
    expect(report).toMatch(/\n\nWould add 6 modules: .*\.\n\n\| stage/);
    expect(report).not.toContain('written');
  });

  test('in a folder that does not exist: the output cannot be written', async () => {
    const folder = newFolder();
    const model = copyFixture('resnet-v1', folder);
    expectFailure(await run([model, '--quiet', '--markdown', join(folder, 'no', 'report.md')]), 5, 'no/report.md');
  });
});

describe('help', () => {
  test.each([['--help'], ['-h'], ['help'], ['help', 'help'], ['add', '--help'], ['inspect', '--help']])(
    '%s %s',
    async (...words) => {
      const { code, stdout, stderr } = await run(words);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toMatch(/^Usage: se-retrofit/);
      expect(stdout).toMatch(/--ratio|Commands:/);
    },
  );

  test('--version prints the version and nothing else', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    expect(await run(['--version'])).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: '' });
  });
});
