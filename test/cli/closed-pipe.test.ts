import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { BIN, copyFixture, makeFolders, runProgram } from '../support/cli.js';

const newFolder = makeFolders();

/** Runs the tool with a stream that nobody reads; its exit code is all that is printed. */
async function runInto(closed: 'stdout' | 'stderr', words: readonly string[]) {
  const pipe = closed === 'stdout' ? '| true' : '2>&1 >/dev/null | true';
  const script = `"$0" "$@" ${pipe}; echo \${PIPESTATUS[0]}`;
  const { stdout, stderr } = await runProgram('bash', ['-c', script, process.execPath, BIN, ...words]);
  return { code: stdout.trim(), stderr };
}

test.each(['stdout', 'stderr'] as const)('%s closed: the model is written all the same', async (closed) => {
  const model = copyFixture('resnet-v1', newFolder());
  const { code, stderr } = await runInto(closed, [model]);
  expect(code).toBe('0');
  expect(stderr).not.toMatch(/EPIPE|Error/);
  expect(existsSync(join(`${model}-se`, 'model.json'))).toBe(true);
});

test.each([['--help'], ['--version'], ['inspect', copyFixture('vgg', newFolder()), '--json']])(
  '%s %s',
  async (...words) => {
    expect(await runInto('stdout', words)).toEqual({ code: '0', stderr: '' });
  },
);

test('a failure keeps its code', async () => {
  expect((await runInto('stderr', [join(newFolder(), 'nothing')])).code).toBe('4');
});
