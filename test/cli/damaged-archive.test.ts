import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { copyFixture, expectFailure, makeFolders, namesIn } from '../support/cli.js';
import { runHere as run } from '../support/cli-here.js';

const newFolder = makeFolders();

/** A `.keras` file with one bit of its weights changed: the checksum of the archive tells. */
async function damagedArchive(folder: string): Promise<string> {
  const path = join(folder, 'net.keras');
  const { code } = await run(['convert', copyFixture('resnet-v1', newFolder()), '-o', path]);
  expect(code).toBe(0);
  const bytes = readFileSync(path);
  // In the middle of the largest member: the weights, which are stored as they are.
  bytes[bytes.indexOf('model.weights.h5') + Math.floor(bytes.length / 2)]! ^= 1;
  writeFileSync(path, bytes);
  return path;
}

test.each([[['-o', 'out.keras']], [['-o', 'out.h5']], [['-o', 'out']], [['-o', 'out.json', '--to', 'keras-json']]])(
  'damaged weights are not written anew with a right checksum: %j',
  async (words) => {
    const folder = newFolder();
    const path = await damagedArchive(folder);
    const before = readFileSync(path);
    for (const command of ['add', 'convert']) {
      const result = await run([command, path, ...words], { cwd: folder });
      expectFailure(result, 4, /net\.keras/, /checksum is wrong/);
      expect(namesIn(folder)).toEqual(['net.keras']);
      expect(readFileSync(path).equals(before)).toBe(true);
    }
  },
);

test.each(['net.keras', 'net.h5', 'model.json'])(
  'weights of another file are refused for %s, which holds its own',
  async (name) => {
    const folder = newFolder();
    const fixture = copyFixture('resnet-v1', folder);
    const path = name === 'model.json' ? join(fixture, name) : join(folder, name);
    if (name !== 'model.json') expect((await run(['convert', fixture, '-o', path])).code).toBe(0);
    const other = join(folder, 'other.weights.h5');
    copyFileSync(path, other);
    for (const command of ['add', 'inspect'])
      expectFailure(await run([command, path, '-w', other]), 2, /holds its own weights/);
  },
);
