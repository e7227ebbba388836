import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { RetrofitError } from '../../../../src/errors.js';
import { makeFolders } from '../../../support/cli.js';
import { buildFile, hdf5Fixture, readAll, readFileWith, readFixture } from '../../../support/hdf5-files.js';

const newFolder = makeFolders();

test.each([
  ['soft_link.h5', '/layers/linked', 'a soft link'],
  ['external_link.h5', '/layers/elsewhere', 'an external link'],
  ['cycle.h5', '/layers/dense_0/again', 'a second name of /layers'],
  ['two_names.h5', '/layers/dense_1/vars/0', 'a second name of /layers/dense_0/vars/2'],
  ['external_storage.h5', '/layers/stored', 'values lie in other files'],
  ['virtual.h5', '/layers/virtual', 'values lie in other files'],
])('%s is refused by the path of the object', async (name, field, words) => {
  const error = await readFixture(name, (file) => readAll(file)).catch((reason) => reason);
  expect(error).toMatchObject({ code: 'unsafe-path', kind: 'input', where: { file: hdf5Fixture(name), field } });
  expect(error.message).toContain(words);
});

test.each([
  ['bomb.h5', '/bomb', 'claims 1073741824 bytes in a file of'],
  ['named_type.h5', '/layers/type', 'neither a group nor a dataset'],
  ['unknown_filter.h5', '/lzf', 'packed by filter 32000'],
  ['user_block.h5', null, 'not an HDF5 file'],
])('%s cannot be read, and the reason is said', async (name, field, words) => {
  const error = await readFixture(name, (file) => readAll(file)).catch((reason) => reason);
  expect(error).toMatchObject({ code: 'bad-hdf5', kind: 'input', where: { file: hdf5Fixture(name) } });
  expect(error.where.field ?? null).toBe(field);
  expect(error.message).toContain(words);
});

test('what a dataset claims is weighed before any of it is unpacked', () =>
  readFixture('bomb.h5', (file) => {
    expect(() => file.dataset('/larger')).toThrow('more values than can be counted');
    expect(() => file.dataset('/never_written')).toThrow('claims 4294967296 bytes');
  }));

/** Everything in a damaged file is either read or refused with a sentence, soon. */
async function expectAnswer(path: string): Promise<boolean> {
  try {
    await readFileWith(path, (file) => readAll(file));
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(RetrofitError);
    expect(['bad-hdf5', 'unsafe-path']).toContain((error as RetrofitError).code);
    expect((error as RetrofitError).message).not.toContain('\n');
    expect((error as RetrofitError).where.file).toBe(path);
    return false;
  }
}

test('a truncated file is refused wherever it ends', async () => {
  const path = join(newFolder(), 'damaged.h5');
  for (const name of ['weights.h5', 'latest.h5']) {
    const bytes = readFileSync(hdf5Fixture(name));
    for (let length = 0; length < bytes.length; length += length < 200 ? 7 : 997) {
      writeFileSync(path, bytes.subarray(0, length));
      expect(await expectAnswer(path)).toBe(false);
    }
  }
});

test('bytes that are no HDF5 file are refused', async () => {
  const path = join(newFolder(), 'garbage.h5');
  const signature = readFileSync(hdf5Fixture('weights.h5')).subarray(0, 8);
  for (const bytes of [Buffer.from('<!DOCTYPE html>'), Buffer.alloc(5000, 0xff), Buffer.alloc(5000)]) {
    for (const content of [bytes, Buffer.concat([signature, bytes])]) {
      writeFileSync(path, content);
      expect(await expectAnswer(path)).toBe(false);
    }
  }
});

test('flipped bytes are read or refused, and do no harm to the next file', async () => {
  const path = join(newFolder(), 'flipped.h5');
  let state = 1;
  const random = (below: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return (state >>> 8) % below;
  };
  let refused = 0;
  for (let round = 0; round < 40; round += 1) {
    const bytes = readFileSync(hdf5Fixture('weights.h5'));
    for (let flip = 0; flip < 3; flip += 1) bytes[random(bytes.length)] = random(256);
    // An address that is another one leads in circles sooner than any byte.
    bytes.copy(bytes, 8 * random(bytes.length / 8), 8 * random(12), 8 * random(12) + 8);
    writeFileSync(path, bytes);
    if (!(await expectAnswer(path))) refused += 1;
  }
  expect(refused).toBeGreaterThan(0);
  await readFixture('weights.h5', (file) => expect(readAll(file)).toBe(3 * 9 * 4));
});

test('a file that HDF5 itself would read for ever is refused', async () => {
  const path = await buildFile(newFolder(), 'endless.h5', async (editor) => editor.writeText('/', 'name', 'a text'));
  const bytes = readFileSync(path);
  const heap = bytes.indexOf('GCOL');
  // An object of no bytes in the heap of texts: HDF5 does not get past it.
  let object = heap + 16;
  while (bytes.readUInt16LE(object) !== 0) object += 16 + 8 * Math.ceil(Number(bytes.readBigUInt64LE(object + 8)) / 8);
  bytes.writeBigUInt64LE(0n, object + 8);
  writeFileSync(path, bytes);
  await expect(readFileWith(path, (file) => file.readText('/', 'name'))).rejects.toMatchObject({
    code: 'bad-hdf5',
    message: 'the HDF5 file is damaged: where texts should be is something else',
    where: { file: path, field: '/@name' },
  });
});

test('a file that changes while it is read is said to have changed', async () => {
  const path = join(newFolder(), 'changing.h5');
  writeFileSync(path, readFileSync(hdf5Fixture('weights.h5')));
  await expect(
    readFileWith(path, (file) => {
      writeFileSync(path, 'another program was here');
      return readAll(file);
    }),
  ).rejects.toMatchObject({ code: 'input-changed', where: { file: path } });
});
