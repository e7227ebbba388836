import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Hdf5Renaming } from '../../../../src/storage/hdf5.js';
import { nodeStorage } from '../../../../src/storage/node/node-storage.js';
import { makeFolders } from '../../../support/cli.js';
import { buildFile, hdf5Fixture, readAll, readFileWith, valuesOf } from '../../../support/hdf5-files.js';

const newFolder = makeFolders();

async function renameCopy(path: string, renamings: readonly Hdf5Renaming[]): Promise<string> {
  const folder = newFolder();
  const pending = await nodeStorage.beginFiles(folder, ['renamed.h5'], false);
  await pending.copy(await nodeStorage.findFile(path), 'renamed.h5');
  try {
    await pending.renameInHdf5('renamed.h5', renamings);
    // Others go on editing the file.
    await pending.editHdf5('renamed.h5', async (editor) => {
      for (let index = 0; index < 40; index += 1) editor.makeGroup(`/new_${index}/vars`);
    });
    await pending.commit();
  } catch (error) {
    await pending.discard();
    throw error;
  }
  return join(folder, 'renamed.h5');
}

/** A permutation of `<prefix>0` ... that moves everything. */
const shift = (prefix: string, count: number, by: number): ReadonlyMap<string, string> =>
  new Map(Array.from({ length: count }, (_, index) => [`${prefix}${index}`, `${prefix}${(index * 7 + by) % count}`]));

const hasTables = async (path: string, groups: readonly string[]) =>
  nodeStorage.canEditHdf5(await nodeStorage.findFile(path), groups);

test('a hundred names that h5py wrote change places', async () => {
  const renames = shift('name_', 100, 3);
  const path = await renameCopy(hdf5Fixture('many.h5'), [{ group: '/group', renames }]);
  await readFileWith(path, (file) => {
    expect(file.list('/group').length).toBe(100);
    for (const [from, to] of renames) expect(`name_${valuesOf(file, `/group/${to}`)[0]}`).toBe(from);
    expect(file.list('/').length).toBe(41);
  });
});

test('groups move with everything below them, in files that we made, one renaming after the other', async () => {
  const made = await buildFile(newFolder(), 'made.h5', async (editor) => {
    for (let index = 0; index < 300; index += 1) {
      await editor.makeDataset(`/layers/dense_${index}/vars/0`, 'uint16', [], [new Uint8Array([index, index >> 8])]);
      editor.writeText(`/layers/dense_${index}/vars`, 'name', `layer ${index}`);
    }
    for (let index = 0; index < 20; index += 1) {
      await editor.makeDataset(`/layers/dense_9/layers/add_${index}/vars/0`, 'uint8', [], [new Uint8Array([index])]);
    }
  });
  const inner = shift('add_', 20, 11);
  const outer = shift('dense_', 300, 1);
  const again = new Map([
    ['dense_0', 'dense_1'],
    ['dense_1', 'dense_0'],
  ]);
  const path = await renameCopy(made, [
    { group: '/layers/dense_9/layers', renames: inner },
    { group: '/layers', renames: outer },
    { group: '/layers', renames: again },
  ]);
  await readFileWith(path, (file) => {
    for (const [from, to] of outer) {
      const group = `/layers/${again.get(to) ?? to}/vars`;
      expect(`dense_${valuesOf(file, `${group}/0`).readUInt16LE()}`).toBe(from);
      expect(file.readText(group, 'name')).toBe(from.replace('dense_', 'layer '));
    }
    const moved = outer.get('dense_9')!;
    for (const [from, to] of inner) {
      expect(`add_${valuesOf(file, `/layers/${again.get(moved) ?? moved}/layers/${to}/vars/0`)[0]}`).toBe(from);
    }
  });
});

test('only permutations of names that are there are carried out', async () => {
  const rename = (group: string, ...renames: [string, string][]) =>
    renameCopy(hdf5Fixture('weights.h5'), [{ group, renames: new Map(renames) }]);
  await expect(rename('/layers', ['dense_0', 'dense_1'])).rejects.toThrow('no permutation');
  await expect(rename('/layers', ['dense_0', 'dense_1'], ['dense_1', 'dense_1'])).rejects.toThrow('no permutation');
  await expect(rename('/layers', ['dense_0', 'x'], ['x', 'dense_0'])).rejects.toThrow('no such object to rename');
  await expect(rename('/none', ['a', 'a'])).rejects.toThrow('no such group');
});

test('only files of the kind that Keras writes have symbol tables', async () => {
  const weights = hdf5Fixture('weights.h5');
  expect(await hasTables(weights, ['/', '/layers', '/layers/dense_0', '/layers/dense_0/vars'])).toBe(true);
  expect(await hasTables(weights, ['/', '/none'])).toBe(false);
  expect(await hasTables(weights, ['/layers/dense_0/vars/0'])).toBe(false);
  expect(await hasTables(hdf5Fixture('latest.h5'), ['/'])).toBe(false);
  expect(await hasTables(hdf5Fixture('user_block.h5'), ['/'])).toBe(false);
  expect(await hasTables(hdf5Fixture('soft_link.h5'), ['/layers'])).toBe(false);
});

test('a damaged file is found to be one: nothing is read behind its end, and no circle is gone round twice', async () => {
  const path = join(newFolder(), 'damaged.h5');
  const whole = readFileSync(hdf5Fixture('weights.h5'));
  for (let length = 0; length < whole.length; length += 1009) {
    writeFileSync(path, whole.subarray(0, length));
    expect(await hasTables(path, ['/'])).toBe(false);
  }
  for (const mark of ['TREE', 'SNOD', 'HEAP']) {
    const bytes = Buffer.from(whole);
    for (let at = bytes.indexOf(mark); at >= 0; at = bytes.indexOf(mark, at + 1)) {
      // The node's own address wherever it leads, and as many children as there can be.
      for (let word = at + 8; word < at + 64; word += 8) bytes.writeBigUInt64LE(BigInt(at), word);
      bytes.writeUInt16LE(0xffff, at + 6);
    }
    writeFileSync(path, bytes);
    expect(await hasTables(path, ['/', '/layers'])).toBe(false);
  }
});

test('what was not renamed stays as it was', async () => {
  const path = await renameCopy(hdf5Fixture('weights.h5'), [
    {
      group: '/layers',
      renames: new Map([
        ['dense_0', 'dense_2'],
        ['dense_2', 'dense_0'],
      ]),
    },
  ]);
  await readFileWith(path, (file) => {
    expect(['dense_0', 'dense_1', 'dense_2'].map((name) => file.readText(`/layers/${name}/vars`, 'name'))).toEqual([
      'layer_2',
      'layer_1',
      'layer_0',
    ]);
    expect(readAll(file)).toBe(3 * 9 * 4);
  });
});
