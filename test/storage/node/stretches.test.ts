import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { nodeStorage } from '../../../src/storage/node/node-storage.js';
import type { FoundFile } from '../../../src/storage/storage.js';
import { makeFolders } from '../../support/cli.js';
import { hdf5Fixture, readAll } from '../../support/hdf5-files.js';

const newFolder = makeFolders();

/** A file that holds a weights file between other bytes, and where it does. */
async function stretchOf(name: string): Promise<FoundFile> {
  const bytes = readFileSync(hdf5Fixture(name));
  const path = join(newFolder(), 'archive.keras');
  writeFileSync(path, Buffer.concat([Buffer.from('before'), bytes, Buffer.from('after')]));
  return { ...(await nodeStorage.findFile(path)), byteOffset: 6, byteLength: bytes.length };
}

test('a stretch is opened as if it were a file', async () => {
  const stretch = await stretchOf('weights.h5');
  const opened = await nodeStorage.open(stretch);
  expect(Buffer.from(await opened.read(1, 3)).toString()).toBe('HDF');
  expect((await opened.read(stretch.byteLength - 2, 2)).length).toBe(2);
  await expect(opened.read(stretch.byteLength - 2, 3)).rejects.toMatchObject({ code: 'input-changed' });
  await opened.close();
  await nodeStorage.ensureUnchanged(stretch);
});

test('an HDF5 file that is a stretch of another is read where it lies', async () => {
  const stretch = await stretchOf('weights.h5');
  expect(await nodeStorage.canEditHdf5(stretch, ['/', '/layers'])).toBe(true);
  expect(await nodeStorage.withHdf5(stretch, async (file) => readAll(file))).toBe(3 * 9 * 4);
  const short = { ...stretch, byteLength: stretch.byteLength - 1 };
  await expect(nodeStorage.withHdf5(short, async (file) => readAll(file))).rejects.toMatchObject({ code: 'bad-hdf5' });
});

test('a stretch is copied, or its beginning', async () => {
  const stretch = await stretchOf('weights.h5');
  const folder = newFolder();
  const pending = await nodeStorage.beginFiles(folder, ['start.h5', 'weights.h5'], false);
  await pending.copy(stretch, 'weights.h5');
  await pending.copy(stretch, 'start.h5', 100);
  expect(await pending.byteLength('start.h5')).toBe(100);
  await pending.editHdf5('weights.h5', async (editor) => editor.makeGroup('/layers/new'));
  await pending.commit();
  const whole = readFileSync(hdf5Fixture('weights.h5'));
  expect(readFileSync(join(folder, 'start.h5'))).toEqual(whole.subarray(0, 100));
  expect(readFileSync(join(folder, 'weights.h5')).length).toBeGreaterThan(whole.length);
});
