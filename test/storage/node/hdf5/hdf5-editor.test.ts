import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Hdf5Dtype, Hdf5Editor, Hdf5File, TextKind } from '../../../../src/storage/hdf5.js';
import { nodeStorage } from '../../../../src/storage/node/node-storage.js';
import { makeFolders } from '../../../support/cli.js';
import { buildFile, editCopy, hdf5Fixture, readAll, readFileWith, valuesOf } from '../../../support/hdf5-files.js';

const newFolder = makeFolders();

const SIZES: Readonly<Partial<Record<Hdf5Dtype, number>>> = {
  float16: 2,
  bfloat16: 2,
  float32: 4,
  float64: 8,
  int8: 1,
  int16: 2,
  int32: 4,
  int64: 8,
  uint8: 1,
  uint16: 2,
  uint32: 4,
  uint64: 8,
  bool: 1,
};
const DTYPES = Object.entries(SIZES) as [Hdf5Dtype, number][];

const countUp = (byteLength: number, most = 100): Uint8Array =>
  Uint8Array.from({ length: byteLength }, (_, index) => (index * 7) % most);

const ofDtype = (dtype: Hdf5Dtype, byteLength: number) => countUp(byteLength, dtype === 'bool' ? 2 : 100);

async function makeEverything(editor: Hdf5Editor, group: string): Promise<void> {
  for (const [dtype, size] of DTYPES) {
    const values = ofDtype(dtype, 6 * size);
    await editor.makeDataset(`${group}/filled/${dtype}`, dtype, [2, 3], [values.subarray(0, 1), values.subarray(1)]);
    await editor.makeDataset(`${group}/scalar/${dtype}`, dtype, [], [values.subarray(0, size)]);
    await editor.makeDataset(`${group}/empty/${dtype}`, dtype, [0, 4], []);
  }
  editor.writeText(group, 'name', 'läyer');
  editor.writeTexts(group, 'weight_names', []);
  editor.writeTexts(group, 'layer_names', ['kernel:0', 'bïas:0']);
}

test('datasets of every type, scalar and empty ones too, are read back as they were made', async () => {
  const path = await buildFile(newFolder(), 'new.h5', async (editor) => {
    await makeEverything(editor, '/group');
    // What was made is there at once, before the file is closed.
    for (const [dtype, size] of DTYPES) {
      expect(editor.dataset(`/group/filled/${dtype}`)).toMatchObject({ dtype, shape: [2, 3], byteLength: 6 * size });
      expect(valuesOf(editor, `/group/filled/${dtype}`)).toEqual(Buffer.from(ofDtype(dtype, 6 * size)));
    }
    expect(editor.list('/group').map(({ name }) => name)).toEqual(['empty', 'filled', 'scalar']);
  });
  await readFileWith(path, (file) => {
    for (const [dtype, size] of DTYPES) {
      const values = Buffer.from(ofDtype(dtype, 6 * size));
      expect(file.dataset(`/group/filled/${dtype}`)).toMatchObject({ dtype, shape: [2, 3], byteLength: 6 * size });
      expect(valuesOf(file, `/group/filled/${dtype}`)).toEqual(values);
      expect(file.dataset(`/group/scalar/${dtype}`)).toMatchObject({ dtype, shape: [] });
      expect(valuesOf(file, `/group/scalar/${dtype}`)).toEqual(values.subarray(0, size));
      expect(file.dataset(`/group/empty/${dtype}`)).toMatchObject({ dtype, shape: [0, 4], byteLength: 0 });
    }
    expect(file.readText('/group', 'name')).toBe('läyer');
    expect(file.readTexts('/group', 'weight_names')).toEqual([]);
    expect(file.readTexts('/group', 'layer_names')).toEqual(['kernel:0', 'bïas:0']);
  });
});

test('the same calls make the same bytes, whatever was done before', async () => {
  const bytes: Buffer[] = [];
  for (const name of ['a.h5', 'b.h5']) {
    bytes.push(readFileSync(await buildFile(newFolder(), name, (editor) => makeEverything(editor, '/group'))));
    const edited = await editCopy(hdf5Fixture('weights.h5'), newFolder(), name, (editor) =>
      makeEverything(editor, '/layers'),
    );
    bytes.push(readFileSync(edited));
  }
  expect(bytes[2]!.equals(bytes[0]!)).toBe(true);
  expect(bytes[3]!.equals(bytes[1]!)).toBe(true);
});

test('new files and new groups in old ones are of the kind that Keras writes', async () => {
  const path = await buildFile(newFolder(), 'new.h5', (editor) => makeEverything(editor, '/group'));
  const edited = await editCopy(hdf5Fixture('weights.h5'), newFolder(), 'edited.h5', (editor) =>
    makeEverything(editor, '/layers/new'),
  );
  for (const [file, groups] of [
    [path, ['/', '/group', '/group/filled']],
    [edited, ['/', '/layers', '/layers/new', '/layers/new/empty']],
  ] as const) {
    expect(await nodeStorage.canEditHdf5(await nodeStorage.findFile(file), groups)).toBe(true);
  }
});

test('values are replaced in place, in contiguous, packed, big-endian and unwritten datasets', async () => {
  const values = countUp(24);
  const path = await editCopy(hdf5Fixture('dtypes.h5'), newFolder(), 'edited.h5', async (editor) => {
    for (const name of ['/little_f4', '/big_f4']) await editor.overwrite(editor.dataset(name), [values]);
    await editor.overwrite(editor.dataset('/never_written'), [values.subarray(0, 16)]);
    await editor.overwrite(editor.dataset('/bfloat16'), [values.subarray(0, 6)]);
    await expect(editor.overwrite(editor.dataset('/text'), [])).rejects.toThrow('holds no numbers');
    await expect(editor.overwrite(editor.dataset('/bool'), [values.subarray(0, 2)])).rejects.toThrow('takes 3 bytes');
    await expect(editor.overwrite(editor.dataset('/bool'), [values.subarray(0, 4)])).rejects.toThrow('takes 3 bytes');
  });
  await readFileWith(path, (file) => {
    expect(valuesOf(file, '/little_f4')).toEqual(Buffer.from(values));
    expect(valuesOf(file, '/big_f4')).toEqual(Buffer.from(values));
    expect(valuesOf(file, '/never_written')).toEqual(Buffer.from(values.subarray(0, 16)));
    expect(valuesOf(file, '/bfloat16')).toEqual(Buffer.from(values.subarray(0, 6)));
    expect(valuesOf(file, '/little_i4').readInt32LE()).toBe(1);
  });
  const packed = await editCopy(hdf5Fixture('packed.h5'), newFolder(), 'packed.h5', (editor) =>
    editor.overwrite(editor.dataset('/gzip'), [countUp(4800)]),
  );
  await readFileWith(packed, (file) => expect(valuesOf(file, '/gzip')).toEqual(Buffer.from(countUp(4800))));
});

test('values that were written just now are replaced too', async () => {
  const values = countUp(24);
  const path = await buildFile(newFolder(), 'new.h5', async (editor) => {
    await editor.makeDataset('/a/first', 'float32', [6], [new Uint8Array(24)]);
    await editor.makeDataset('/a/second', 'float32', [6], [values]);
    await editor.overwrite(editor.dataset('/a/first'), [values.subarray(0, 7), values.subarray(7)]);
    expect(valuesOf(editor, '/a/first')).toEqual(Buffer.from(values));
  });
  await readFileWith(path, (file) => {
    expect(valuesOf(file, '/a/first')).toEqual(Buffer.from(values));
    expect(valuesOf(file, '/a/second')).toEqual(Buffer.from(values));
  });
});

test('a large dataset goes through in pieces of any size', async () => {
  // Rows of more than a piece, and a last piece that is smaller.
  const values = countUp(3 * 300_000 * 4);
  const path = await buildFile(newFolder(), 'large.h5', (editor) =>
    editor.makeDataset(
      '/large',
      'float32',
      [3, 300_000],
      (async function* () {
        for (let start = 0; start < values.length; start += 1_234_567) yield values.subarray(start, start + 1_234_567);
      })(),
    ),
  );
  await readFileWith(path, (file) => {
    expect(valuesOf(file, '/large').equals(values)).toBe(true);
    expect(Math.max(...[...file.chunks(file.dataset('/large'))].map(({ length }) => length))).toBeLessThanOrEqual(
      2 ** 20,
    );
  });
});

test('attributes are set, replaced and removed; long texts and long lists fit', async () => {
  const long = 'ü'.repeat(2 ** 17);
  const justUnder = Array.from({ length: 64 }, (_, index) => String(index).padEnd(1000, 'x'));
  // More names than an attribute can refer to one by one: they are written as texts of one length.
  const many = Array.from({ length: 16_000 }, (_, index) => `n${index % 1000}`);
  const path = await editCopy(hdf5Fixture('attributes.h5'), newFolder(), 'edited.h5', async (editor) => {
    editor.writeText('/', 'long', long);
    editor.writeText('/', 'number', 'now a text');
    editor.writeText('/data', 'new', '');
    editor.writeTexts('/', 'list', justUnder);
    editor.writeTexts('/', 'fixed_list', many);
    editor.removeAttribute('/', 'ascii');
    editor.removeAttribute('/data', 'note');
    expect(() => editor.removeAttribute('/', 'ascii')).toThrow('there is no such attribute');
    expect(() => editor.writeText('/nowhere', 'name', '')).toThrow('there is no such object');
    expect(() => editor.writeText('/', 'name', 'a\0b')).toThrow('a text with a NUL');
    expect(editor.readText('/', 'long')).toBe(long);
  });
  await readFileWith(path, (file) => {
    expect(file.readText('/', 'long')).toBe(long);
    expect(file.readText('/', 'number')).toBe('now a text');
    expect(file.readTexts('/', 'list')).toEqual(justUnder);
    expect(file.readTexts('/', 'fixed_list')).toEqual(many);
    expect([file.readText('/', 'ascii'), file.listAttributes('/data')]).toEqual([undefined, ['new']]);
    expect(file.readText('/', 'utf8')).toBe('läyer');
  });
});

const KINDS: readonly TextKind[] = (['ascii', 'utf8'] as const).flatMap((charset) =>
  [false, true].flatMap((isFixed) =>
    (['null-term', 'null-pad', 'space-pad'] as const).map((padding) => ({ charset, isFixed, padding })),
  ),
);

test('texts of every kind are written, and read back as what they are', async () => {
  const texts = ['kernel:0', 'b', ''];
  const expectKinds = (file: Hdf5File) => {
    for (const [index, kind] of KINDS.entries()) {
      expect(file.textKind('/', `one ${index}`)).toEqual({ ...kind, isList: false });
      expect(file.readText('/', `one ${index}`)).toBe('kernel:0');
      expect(file.textKind('/', `list ${index}`)).toEqual({ ...kind, isList: true });
      expect(file.readTexts('/', `list ${index}`)).toEqual(texts);
    }
    expect(file.textKind('/', 'none')).toBeUndefined();
    expect(file.textKind('/', 'nowhere')).toBeUndefined();
  };
  const path = await buildFile(newFolder(), 'new.h5', async (editor) => {
    for (const [index, kind] of KINDS.entries()) {
      editor.writeText('/', `one ${index}`, 'kernel:0', kind);
      editor.writeTexts('/', `list ${index}`, texts, kind);
    }
    editor.writeTexts('/', 'none', [], KINDS[0]);
    expectKinds(editor);
  });
  await readFileWith(path, expectKinds);
});

test('what has no room in its kind has another length', async () => {
  const fixed: TextKind = { charset: 'ascii', isFixed: true, padding: 'null-pad' };
  const path = await buildFile(newFolder(), 'new.h5', async (editor) => {
    editor.writeText('/', 'long', 'x'.repeat(70_000), fixed);
    editor.writeTexts('/', 'many', Array(16_000).fill('n'), { ...fixed, isFixed: false, padding: 'null-term' });
  });
  await readFileWith(path, (file) => {
    expect(file.textKind('/', 'long')).toMatchObject({ charset: 'ascii', isFixed: false });
    expect(file.readText('/', 'long')).toHaveLength(70_000);
    expect(file.textKind('/', 'many')).toMatchObject({ charset: 'ascii', isFixed: true });
    expect(file.readTexts('/', 'many')).toHaveLength(16_000);
  });
});

test('nothing is made over what is there', async () => {
  await editCopy(hdf5Fixture('weights.h5'), newFolder(), 'edited.h5', async (editor) => {
    editor.makeGroup('/layers/dense_0');
    await expect(editor.makeDataset('/layers/dense_0', 'float32', [], [])).rejects.toThrow('is there already');
    await expect(editor.makeDataset('/vars/../x', 'float32', [], [])).rejects.toThrow('empty name');
    expect(() => editor.makeGroup('/layers/dense_0/vars/0/x')).toThrow('a dataset where a group should be');
    expect(readAll(editor)).toBe(3 * 9 * 4);
  });
});

test('an error while a file is made leaves nothing, and the next file is none the worse', async () => {
  const folder = newFolder();
  const pending = await nodeStorage.beginFiles(folder, ['new.h5'], false);
  await expect(
    pending.buildHdf5('new.h5', async (editor) => {
      await editor.makeDataset('/a', 'float32', [2], [new Uint8Array(8)]);
      throw new Error('of the caller');
    }),
  ).rejects.toThrow('of the caller');
  await pending.discard();
  await buildFile(folder, 'new.h5', (editor) => makeEverything(editor, '/group'));
});
