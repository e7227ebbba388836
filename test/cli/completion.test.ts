import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { makeProgram } from '../../src/cli/program.js';
import { expectFailure, makeFolders } from '../support/cli.js';
import { runHere as run } from '../support/cli-here.js';

const newFolder = makeFolders();

/** The scripts, in a folder with a model and a folder of images. */
async function folderOf(shell: string): Promise<string> {
  const folder = newFolder();
  const { code, stdout, stderr } = await run(['completion', shell]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  writeFileSync(join(folder, `script.${shell}`), stdout);
  writeFileSync(join(folder, 'convnet model.keras'), '');
  mkdirSync(join(folder, 'images'));
  return folder;
}

/** What bash offers for the last of some words. */
function inBash(cwd: string, words: readonly string[]): readonly string[] {
  const script = `source script.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _se_retrofit; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout: answer } = spawnSync('bash', ['-c', script, 'bash', 'se-retrofit', ...words], {
    cwd,
    encoding: 'utf8',
  });
  return answer.split('\n').filter((line) => line !== '');
}

describe('in bash', () => {
  test.each([
    [['insp'], ['inspect']],
    [['gat'], ['gates']],
    [['gates', 'a', '--per'], ['--per-class']],
    [['con'], ['convert', 'convnet model.keras']],
    [
      ['model.keras', '--placement', ''],
      ['standard', 'pre', 'post', 'identity'],
    ],
    [['model.keras', '--placement', '=', 'st'], ['standard']],
    [['add', 'model.keras', '--skip'], ['--skip-stage']],
    [['verify', 'a', 'b', '--backend', 'w'], ['wasm']],
    [['tune', 'a', '--rat'], ['--ratio']],
    [['tune', 'a', '--placement'], []],
    [['inspect', 'a', '--he'], ['--help']],
    [['he'], ['help']],
    [['help', 'conv'], ['convert']],
    // Names of files are the shell's own matter.
    [['add', 'model.keras', '-o', 'im'], []],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
  ])('%j', async (words, offered) => {
    expect(inBash(await folderOf('bash'), words)).toEqual(offered);
  });

  test('every command and every option is offered', async () => {
    const cwd = await folderOf('bash');
    const { commands } = makeProgram();
    expect(inBash(cwd, [''])).toEqual(expect.arrayContaining(commands.map((command) => command.name())));
    for (const command of commands) {
      const words = command.options
        .flatMap(({ short, long }) => [short, long].filter((word) => word))
        .concat('-h', '--help');
      expect(inBash(cwd, [command.name(), '-']), command.name()).toEqual(words);
    }
  });
});

const isThere = (shell: string) => spawnSync(shell, ['-c', 'true']).status === 0;

test('zsh is told of a value behind an equals sign', async () => {
  const script = readFileSync(join(await folderOf('zsh'), 'script.zsh'), 'utf8');
  const verify = script.split('\n').find((line) => line.trim().startsWith('verify)'));
  expect(verify).toMatch(/ '\*--backend=\[what computes\]:backend:\([^)']* wasm [^)']*\)' /);
  expect(verify).toContain(" '*--help[");
});

// Of the shells those that are here.
for (const shell of ['zsh'].filter(isThere)) {
  test(`${shell} gives that to its completion`, async () => {
    const cwd = await folderOf(shell);
    // _arguments itself needs a line editor: what it is told is looked at.
    const script = `compdef() { :; }; source script.zsh; _arguments() { print -l -- "$@"; }; words=(se-retrofit verify x); CURRENT=3; _se_retrofit`;
    const { stdout } = spawnSync(shell, ['-fc', script], { cwd, encoding: 'utf8' });
    expect(stdout).toMatch(/^\*--backend=\[what computes\]:backend:\(.* wasm .*\)$/m);
    expect(stdout).toMatch(/^\*--help\[/m);
  });
}

for (const shell of ['bash', 'zsh', 'fish'].filter(isThere)) {
  test(`${shell} can read its script`, async () => {
    const folder = await folderOf(shell);
    expect(spawnSync(shell, ['-n', join(folder, `script.${shell}`)], { encoding: 'utf8' })).toMatchObject({
      status: 0,
      stderr: '',
    });
  });
}

test('another shell: 2', async () => {
  expectFailure(await run(['completion', 'tcsh']), 2, /bash, zsh, fish/);
});
