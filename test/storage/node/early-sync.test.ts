import { existsSync, readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { nodeStorage } from '../../../src/storage/node/node-storage.js';
import { makeFolders } from '../../support/cli.js';

const newFolder = makeFolders();

afterEach(() => {
  vi.restoreAllMocks();
});

/** Lets some calls of `fsync` fail, by their number; how many there were is counted. */
async function spoilSync(...failing: readonly number[]): Promise<{ count: number }> {
  const handle = await open('.', 'r');
  const methods: Pick<FileHandle, 'sync'> = Object.getPrototypeOf(handle);
  await handle.close();
  const seen = { count: 0 };
  vi.spyOn(methods, 'sync').mockImplementation(async () => {
    seen.count += 1;
    if (failing.includes(seen.count)) throw Object.assign(new Error('EIO'), { code: 'EIO', syscall: 'fsync' });
  });
  return seen;
}

async function stageLarge(folder: string) {
  const source = join(folder, 'source');
  writeFileSync(source, '');
  truncateSync(source, 3 * 2 ** 20);
  const pending = await nodeStorage.beginFolder(join(folder, 'out'), false);
  const file = await nodeStorage.findFile(source);
  await Promise.all(['one', 'two', 'three'].map((name) => pending.copy(file, name)));
  return pending;
}

test('large files are on their way to the disk before they are all there, and are synced again', async () => {
  const seen = await spoilSync();
  const folder = newFolder();
  const pending = await stageLarge(folder);
  await pending.write('model.json', [Buffer.from('{}')]);
  await pending.commit();
  // Three early, four files and their folder, the folder around it.
  expect(seen.count).toBe(3 + 4 + 2);
  expect(readdirSync(join(folder, 'out')).sort()).toEqual(['model.json', 'one', 'three', 'two']);
});

test.each([1, 2, 3])('what the disk says of an early one (%i) is not lost: it says so once', async (failing) => {
  await spoilSync(failing);
  const folder = newFolder();
  const pending = await stageLarge(folder);
  await expect(pending.commit()).rejects.toMatchObject({ code: 'cannot-write' });
  expect(readdirSync(folder)).toEqual(['source']);
});

test('who gives up does not wait for those that have not begun, and leaves nothing', async () => {
  const seen = await spoilSync(1);
  const folder = newFolder();
  const pending = await stageLarge(folder);
  await pending.discard();
  expect(seen.count).toBeLessThan(4);
  expect(readdirSync(folder)).toEqual(['source']);
  expect(existsSync(join(folder, 'out'))).toBe(false);
});
