import { readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { copyFixture, expectFailure, makeFolders } from '../support/cli.js';
import { runHere as run } from '../support/cli-here.js';

const newFolder = makeFolders();
const folder = newFolder();
const model = copyFixture('resnet-v1', folder);

/** Flags that are wrong, and what the one line must say: the flag, and what it may be. */
const BAD_OPTIONS: readonly (readonly [flags: readonly string[], ...words: (string | RegExp)[]])[] = [
  [['--ratio', '0'], 'ratio', '1 to 4096'],
  [['--ratio', '-1'], 'ratio', '1 to 4096'],
  [['--ratio', '0.5'], 'ratio', '1 to 4096'],
  [['--ratio', '1e9'], 'ratio', '1 to 4096'],
  [['--ratio', 'NaN'], 'ratio', '1 to 4096'],
  [['--ratio', 'Infinity'], 'ratio', '1 to 4096'],
  [['--ratio', 'abc'], 'ratio', 'abc', '1 to 4096'],
  [['--ratio', ''], 'ratio', '1 to 4096'],
  [['--stage', '0'], 'stage', /from 1/, 'last'],
  [['--stage', '-1'], 'stage', /from 1/],
  [['--stage', '1.5'], 'stage', /from 1/],
  [['--stage', 'x'], 'stage', 'x', /from 1/],
  [['--stage', '4,'], 'stage', /from 1/],
  [['--skip-stage', '0'], /skip-?stage/i, /from 1/],
  [['--stage', '99'], 'stage', '99', '1 to 4'],
  [['--skip-stage', '99'], 'skip-stage', '99', '1 to 4'],
  [['--stage', '99999999999999999999'], 'stage', /1 to 4|from 1/],
  [['--min-units', '0'], /min-?units/i, '1 to 4096'],
  [['--min-units', '1.5'], /min-?units/i, 'whole number'],
  [['--min-units', 'x'], /min-?units/i, '1 to 4096'],
  [['--seed', '-1'], 'seed', '0 to 4294967295'],
  [['--seed', '1.5'], 'seed', 'whole number'],
  [['--seed', 'x'], 'seed', '0 to 4294967295'],
  [['--placement', 'sideways'], 'placement', 'sideways', 'standard, pre, post, identity'],
  [['--granularity', 'layer'], 'granularity', 'block, stage, conv'],
  [['--form', 'lstm'], 'form', 'dense, conv'],
  [['--squeeze', 'sum'], 'squeeze', 'avg, max'],
  [['--init', 'zeros'], 'init', 'identity, paper'],
  [['--stage', '2', '--skip-stage', '2'], /stage 2/i],
  [['--stage', '2,3', '--skip-stage', '3'], /stage 3/i],
  [['--stage', 'last', '--skip-stage', 'last'], /last/],
  [['--stage', '4', '--skip-stage', 'last'], /stage 4 is both/],
  [['--stage', 'last,1', '--skip-stage', '4'], /stage 4 is both/],
  [['--at', 'conv2_block1_3_bn', '--placement', 'pre'], 'at', 'placement'],
  [['--at', 'conv2_block1_3_bn', '--granularity', 'stage'], 'at', 'granularity'],
  [['--at', 'conv2_block1_3_bn', '--stage', '3'], /--at|--stage/],
  [['--max-added-params', 'lots'], 'max-added-params', '5%', '200k'],
  [['--max-added-params', '-5%'], 'max-added-params', '5%'],
  [['--max-added-params', '5Q'], 'max-added-params', '5%'],
  [['--nope'], '--nope', '--help'],
  [['--ratoi', '4'], '--ratoi', '--ratio'],
  [['--ratio'], '--ratio'],
  [['--config'], '--config'],
  [['extra-argument'], '2 models are given', '-o NAME'],
  [['-o', '-'], 'standard output', './-'],
  [['-o', ''], '-o names no place', 'leave the option out'],
  [['--output-dir', ''], '--output-dir names no place'],
  [['--markdown', ''], '--markdown names no place'],
  [['--include', ''], '--include "": no site matches'],
  [['--exclude', ''], '--exclude "": no site matches'],
  [['--at', ''], '--at "": the model has no such layer'],
  [['-ratio', '8'], "unknown option '-ratio'", 'did you mean --ratio?'],
  [['-q'], "unknown option '-q'", 'did you mean --quiet?'],
];

test.each(BAD_OPTIONS.map(([flags, ...words]) => ({ flags, words })))('$flags', async ({ flags, words }) => {
  expectFailure(await run(['resnet-v1', ...flags], { cwd: folder }), 2, ...words);
  expect(readdirSync(folder)).toEqual(['resnet-v1']);
});

test('the flag is named once', async () => {
  const { stderr } = await run(['resnet-v1', '--ratio', '0'], { cwd: folder });
  expect(stderr).toBe('se-retrofit: --ratio: 0 is out of range (give a number from 1 to 4096)\n');
});

test('no words at all: the help, and no success for a pipeline whose variable is empty', async () => {
  const { code, stdout, stderr } = await run([], { cwd: folder });
  expect({ code, stderr }).toEqual({ code: 2, stderr: '' });
  expect(stdout).toMatch(/^Usage: se-retrofit[\s\S]*Example:/);
});

test.each([['-v'], ['--version']])('%s', async (flag) => {
  expect(await run([flag])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
});

test.each([
  [['inspct', 'model.json'], 'there is no command and no file called "inspct" (did you mean inspect?)'],
  [['verfy', 'a', 'b'], 'there is no command and no file called "verfy" (did you mean verify?)'],
  [['gats', 'model.json', 'images'], 'there is no command and no file called "gats" (did you mean gates?)'],
  [['conv', 'model.json'], 'there is no command and no file called "conv" (did you mean convert?)'],
  [['ver', 'a', 'b'], 'there is no command and no file called "ver" (did you mean verify?)'],
  [['--quiet', 'inspct', 'model.json'], 'there is no command and no file called "inspct" (did you mean inspect?)'],
  [['-o', 'out', 'inspct', 'resnet-v1'], 'there is no command and no file called "inspct" (did you mean inspect?)'],
  [['help', 'add', 'strip'], 'help takes the name of one command, and no "strip"'],
  [['help', '--quiet'], 'help takes the name of one command, and no "--quiet"'],
  [['help', 'inspct'], 'there is no command called "inspct" (did you mean inspect?)'],
  [['help', 'colour'], /there is no command called "colour" \(the commands are add, /],
])('a command that there is not: %s', async (words, message) => {
  expectFailure(await run(words, { cwd: folder }), 2, message);
});

test('gates is another name of excite, behind options too', async () => {
  const usage = (await run(['excite', '--help'])).stdout;
  expect(usage).toMatch(/^Usage: se-retrofit excite\|gates /);
  expect((await run(['gates', '--help'])).stdout).toBe(usage);
  for (const words of [
    ['gates', 'none.h5', 'images', '--json'],
    ['--json', 'gates', 'none.h5', 'images'],
  ]) {
    const { code, stdout } = await run(words, { cwd: folder });
    expect(code).toBe(4);
    expect(JSON.parse(stdout)).toMatchObject({ command: 'excite', error: { code: 'not-found' } });
  }
  expectFailure(await run(['gates', '--per-clas', '1'], { cwd: folder }), 2, 'did you mean --per-class');
});

test('of several models the one that is not there is named', async () => {
  expectFailure(await run(['none.h5', 'resnet-v1'], { cwd: folder }), 4, 'none.h5: no such file');
});

test('a model whose name begins with a dash: how it is given', async () => {
  const place = newFolder();
  writeFileSync(join(place, '-x.keras'), '');
  expectFailure(await run(['-x.keras'], { cwd: place }), 2, 'the file of this name is ./-x.keras');
});

test('what is there is a model, whatever it is called', async () => {
  const place = newFolder();
  renameSync(copyFixture('resnet-v1', place), join(place, 'inspec'));
  expect((await run(['inspec', '--dry-run', '--quiet'], { cwd: place })).code).toBe(0);
});

test('help and commands in another order: how it is said', async () => {
  expectFailure(await run(['inspect', 'help'], { cwd: folder }), 2, '(se-retrofit help inspect)');
  expectFailure(await run(['resnet-v1', 'inspect'], { cwd: folder }), 2, '(se-retrofit inspect resnet-v1)');
  expectFailure(await run(['resnet-v1', '-r', '4', 'bake'], { cwd: folder }), 2, 'the command comes first');
  expect((await run(['resnet-v1', '-o', 'strip', '--dry-run', '--quiet'], { cwd: folder })).code).toBe(0);
});

test('what is missing first is said first: the model, the images, then -o', async () => {
  expectFailure(await run(['convert']), 2, "missing required argument 'model'");
  expectFailure(await run(['tune', 'resnet-v1'], { cwd: folder }), 2, "missing required argument 'images'");
  expectFailure(await run(['convert', 'resnet-v1'], { cwd: folder }), 2, '--output <path>');
});

test('hints name the model, and propose no other stages where every block is taken', async () => {
  expectFailure(await run([model, '--stage', '9']), 2, `see them with: se-retrofit inspect ${model}`);
  const taken = copyFixture('se-already', folder);
  const { stderr } = await run([taken]);
  expect(stderr).toContain(`(see what is there with: se-retrofit inspect ${taken}`);
  expectFailure(await run(['strip', model]), 4, `se-retrofit inspect ${model}`);
});

test('--at says the nearest names, and the place once', async () => {
  const failed = await run([model, '--at', 'conv2_blok1_add']);
  expectFailure(
    failed,
    2,
    'the nearest names are conv2_block1_add',
    `se-retrofit inspect ${model}/model.json --layers`,
  );
  expect(failed.stderr).toMatch(/^se-retrofit: --at conv2_blok1_add: the model has no such layer /);
});

test.each([[['add']], [['inspect']]])('no model: %s', async (words) => {
  expectFailure(await run(words, { cwd: folder }), 2, /model/, '--help');
});

test('inspect refuses the same', async () => {
  expectFailure(await run(['inspect', model, '--ratio', '0']), 2, 'ratio', '1 to 4096');
  expectFailure(await run(['inspect', model, '--stage', '99']), 2, '1 to 4');
  expectFailure(await run(['inspect', model, '--verify']), 2, '--verify');
});

test('options are checked before the model is looked for', async () => {
  expectFailure(await run(['nowhere.json', '--ratio', '0'], { cwd: folder }), 2, 'ratio');
});

test.each(['', 'nowhere', 'nowhere/model.json', '\u001b[31mred'])('a model that does not exist: "%s"', async (path) => {
  expectFailure(await run([path], { cwd: folder }), 4);
});

const escaped = (text: string) => new RegExp(text.replaceAll(/[()?]/g, '\\$&'));

describe('unknown options', () => {
  test.each([
    [['model.json', '--deny', 'code'], 'did you mean --deny-code?'],
    [['model.json', '--format', 'h5'], 'did you mean --to?'],
    [['model.json', '--ratoi', '4'], 'did you mean --ratio?'],
    [
      ['inspect', 'model.json', '--deny-code'],
      'it is an option of add, convert, strip; see se-retrofit inspect --help',
    ],
    [['inspect', 'model.json', '--no-such-thing'], '(see se-retrofit inspect --help)'],
  ])('%j: %s', async (words, hint) => {
    expectFailure(await run(words), 2, 'unknown option', escaped(hint));
  });
});

test('options may stand before the command', async () => {
  for (const words of [
    ['--json', 'inspect', model],
    ['--placement', 'post', 'inspect', model, '--json'],
  ]) {
    const { code, stdout } = await run(words);
    expect(code).toBe(0);
    expect(JSON.parse(stdout).command).toBe('inspect');
  }
});
