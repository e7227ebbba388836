import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { inputError } from '../../src/errors.js';
import { nodeStorage } from '../../src/storage/node/node-storage.js';
import { runProgram } from '../support/cli.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const folder = temporaryFolder();
const archive = { path: 'model.keras', byteLength: 9, identity: '' };
const { TMPDIR } = process.env;

afterEach(() => {
  if (TMPDIR === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = TMPDIR;
});

async function* pieces(...chunks: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield Buffer.from(chunk);
}

const ours = (): readonly string[] =>
  readdirSync(tmpdir()).filter((name) => name.startsWith(`se-retrofit-${process.pid}-`));

describe('a member that is unpacked', () => {
  test('is a file in the temporary folder that only this user reads', async () => {
    const umask = process.umask(0);
    const file = await nodeStorage
      .unpackTemporarily(archive, pieces('wei', '', 'ghts'))
      .finally(() => process.umask(umask));
    expect(file.path.startsWith(tmpdir())).toBe(true);
    expect(readFileSync(file.path, 'utf8')).toBe('weights');
    expect(file.byteLength).toBe(7);
    expect(statSync(file.path).mode & 0o777).toBe(0o600);
    await nodeStorage.ensureUnchanged(file);
    const other = await nodeStorage.unpackTemporarily(archive, pieces());
    expect(other.path).not.toBe(file.path);
  });

  test('is gone where its archive is damaged, and the reason stays', async () => {
    const before = ours();
    async function* damaged() {
      yield Buffer.from('wei');
      throw inputError('bad-zip', 'the member is damaged');
    }
    await expect(nodeStorage.unpackTemporarily(archive, damaged())).rejects.toMatchObject({ code: 'bad-zip' });
    expect(ours()).toEqual(before);
  });

  test('needs a folder that can be written', async () => {
    process.env.TMPDIR = join(folder, 'missing');
    await expect(nodeStorage.unpackTemporarily(archive, pieces('wei'))).rejects.toMatchObject({
      code: 'cannot-write',
      kind: 'output',
      where: { file: 'model.keras' },
      message: `the weights cannot be unpacked into the folder ${join(folder, 'missing')}: no such file or folder`,
    });
  });
});

const built = fileURLToPath(new URL('../../dist/src/', import.meta.url));

/** A program that unpacks a mebibyte and then does as it is told. */
const program = (then: string) => `
  import { nodeStorage } from '${built}storage/node/node-storage.js';
  import { exitOnSignals } from '${built}cli/signals.js';
  import { readdirSync } from 'node:fs';
  const there = () => readdirSync(process.env.TMPDIR).length;
  const archive = { path: 'model.keras', byteLength: 9, identity: '' };
  async function* pieces(count) { for (let i = 0; i < count; i++) yield new Uint8Array(65536); }
  exitOnSignals();
  ${then}
`;

const runHere = (then: string) =>
  runProgram(process.execPath, ['--input-type=module', '-e', program(then)], { env: { TMPDIR: folder } });

describe('when the process ends', () => {
  test.each([
    ['by itself', '', 0],
    ['by an error', 'throw new Error("a defect");', 1],
    ['by SIGINT', 'process.kill(process.pid, "SIGINT"); setTimeout(() => {}, 60_000);', 130],
    ['by SIGTERM', 'process.kill(process.pid, "SIGTERM"); setTimeout(() => {}, 60_000);', 143],
  ])('%s, its temporary files are gone', async (_, ending, code) => {
    const then = `for (let i = 0; i < 12; i++) await nodeStorage.unpackTemporarily(archive, pieces(16));
      console.log(there()); ${ending}`;
    const result = await runHere(then);
    expect(result).toMatchObject({ code, stdout: '12\n' });
    expect(result.stderr).not.toContain('MaxListeners');
    expect(readdirSync(folder)).toEqual([]);
  });

  test('by a signal in the middle of the work, nothing is left, and nothing goes on', async () => {
    const then = `setTimeout(() => { console.log(there()); process.kill(process.pid, "SIGTERM"); }, 50);
      await nodeStorage.unpackTemporarily(archive, pieces(Infinity)); console.log("done");`;
    expect(await runHere(then)).toMatchObject({
      code: 143,
      stdout: '1\n',
      stderr: 'se-retrofit: interrupted; nothing written\n',
    });
    expect(readdirSync(folder)).toEqual([]);
  });

  test('for want of room, the error says so and nothing is left', async () => {
    const then = `await nodeStorage.unpackTemporarily(archive, pieces(64)).catch((e) => console.log(e.code, e.message, there()));`;
    const limited = ['-c', 'ulimit -f 2048; exec "$0" --input-type=module -e "$1"', process.execPath, program(then)];
    const result = await runProgram('/bin/bash', limited, { env: { TMPDIR: folder } });
    expect(result.stdout).toBe(
      `cannot-write the weights cannot be unpacked into the folder ${folder}: the file would exceed the size limit 0\n`,
    );
    expect(existsSync(folder)).toBe(true);
  });
});
