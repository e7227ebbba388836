import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { BIN, copyFixture, makeFolders, runProgram } from '../support/cli.js';

const newFolder = makeFolders();
const FULL = '/dev/full';

/** Runs the tool with its standard output on a disk that is full. */
const runIntoFull = (words: readonly string[]) =>
  runProgram('sh', ['-c', `exec "$0" "$@" > ${FULL}`, process.execPath, BIN, ...words]);

test.skipIf(!existsSync(FULL))('a full disk behind standard output is told in a line; the model stands', async () => {
  const model = copyFixture('resnet-v1', newFolder());
  for (const words of [
    ['--help'],
    ['inspect', model, '--json'],
    [model, '--json'],
    [model, '--force', '--quiet', '--json'],
  ]) {
    const { code, stderr } = await runIntoFull(words);
    expect(code).toBe(5);
    expect(stderr).toMatch(/^se-retrofit: standard output cannot be written: the disk is full .*\n$/);
  }
  expect(existsSync(join(`${model}-se`, 'model.json'))).toBe(true);
});

test.skipIf(!existsSync(FULL))('a failure keeps its code', async () => {
  const { code, stderr } = await runIntoFull([join(newFolder(), 'nothing'), '--json']);
  expect(code).toBe(4);
  expect(stderr.trimEnd().split('\n')).toHaveLength(2);
});

test.skipIf(!existsSync(FULL))('a full disk behind standard error changes no exit code', async () => {
  const model = copyFixture('resnet-v1', newFolder());
  const script = `exec "$0" "$@" 2> ${FULL}`;
  const { code, stdout } = await runProgram('sh', ['-c', script, process.execPath, BIN, model]);
  expect(code).toBe(0);
  expect(stdout).toContain('6 modules');
});
