import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { memoryStorage } from '../../src/storage/memory.js';
import { nodeStorage } from '../../src/storage/node/node-storage.js';
import type { Storage } from '../../src/storage/storage.js';
import { makeFolders, namesIn } from '../support/cli.js';
import { hdf5Fixture, readAll } from '../support/hdf5-files.js';
import { buildZip } from '../support/zip-builder.js';

// What every storage does, whatever it stores in.

interface Place {
  readonly storage: Storage;
  /** The folder that the files are in. */
  readonly root: string;
  /** Everything there: paths relative to the root, and what they hold. */
  readonly contents: () => Promise<Readonly<Record<string, string>>>;
}

const newFolder = makeFolders();

function onDisk(files: Readonly<Record<string, string>>): Place {
  const root = newFolder();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  const contents = async () => {
    const names = namesIn(root).filter((name) => !name.endsWith('/'));
    return Object.fromEntries(names.map((name) => [name, readFileSync(join(root, name), 'utf8')]));
  };
  return { storage: nodeStorage, root, contents };
}

const inMemory =
  (toContent: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array | Blob) =>
  (files: Readonly<Record<string, string>>): Place => {
    const given = Object.entries(files).map(
      ([name, text]) => [name, toContent(new Uint8Array(Buffer.from(text)))] as const,
    );
    const storage = memoryStorage(given);
    const contents = async () => {
      const texts = [...storage.files].map(
        async ([name, content]) => [name, await new Blob([content as Blob]).text()] as const,
      );
      return Object.fromEntries((await Promise.all(texts)).sort(([a], [b]) => (a < b ? -1 : 1)));
    };
    return { storage, root: '.', contents };
  };

const PLACES = [
  ['on disk', onDisk],
  ['in memory, as bytes', inMemory((bytes) => bytes)],
  ['in memory, as blobs', inMemory((bytes) => new Blob([bytes]))],
] as const;

const MODEL = { 'net/model.json': '{"is": "a model"}', 'net/weights/one.bin': 'abcdefgh', 'other.txt': 'other' };

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();
const bytesOf = (words: string) => new Uint8Array(Buffer.from(words));

describe.each(PLACES)('%s', (_, make) => {
  test('files are found, and what is not there is said', async () => {
    const { storage, root } = make(MODEL);
    const path = storage.join(root, 'net/model.json');
    expect(await storage.kindOf(path)).toBe('file');
    expect(await storage.kindOf(storage.join(root, 'net'))).toBe('folder');
    expect(await storage.kindOf(root)).toBe('folder');
    expect(await storage.kindOf(storage.join(root, 'ne'))).toBeUndefined();
    expect(await storage.findFile(path)).toMatchObject({ path, byteLength: 17 });
    await expect(storage.findFile(storage.join(root, 'net'))).rejects.toMatchObject({ code: 'not-a-file' });
    await expect(storage.findFile(storage.join(root, 'no'))).rejects.toMatchObject({ code: 'not-found' });
    await expect(storage.list(storage.join(root, 'no'))).rejects.toMatchObject({ code: 'not-found' });
    expect([...(await storage.list(root))].sort()).toEqual(
      ['net/', 'net/model.json', 'net/weights/', 'net/weights/one.bin', 'other.txt'].sort(),
    );
    expect([...(await storage.list(storage.join(root, 'net')))].sort()).toEqual([
      'model.json',
      'weights/',
      'weights/one.bin',
    ]);
  });

  test('a path has one canonical spelling, a name and a folder', async () => {
    const { storage, root } = make(MODEL);
    const path = storage.join(root, 'net/model.json');
    const canonical = await storage.canonical(path);
    expect(await storage.canonical(storage.join(root, './net/../net/weights/../model.json'))).toBe(canonical);
    expect(await storage.canonical(storage.absolute(path))).toBe(canonical);
    expect(canonical.startsWith(`${await storage.canonical(storage.folderOf(path))}/`)).toBe(true);
    expect(storage.nameOf(path)).toBe('model.json');
    expect(storage.join(storage.folderOf(path), storage.nameOf(path))).toBe(path);
    expect(storage.folderOf('model.json')).toBe('.');
  });

  test('a model names files in its own folder, and none outside', async () => {
    const { storage, root } = make(MODEL);
    const folder = storage.join(root, 'net');
    expect((await storage.findInside(folder, './weights/one.bin', {})).byteLength).toBe(8);
    await expect(storage.findInside(folder, 'two.bin', {})).rejects.toMatchObject({ code: 'not-found' });
    await expect(storage.findInside(folder, '../other.txt', {})).rejects.toMatchObject({ code: 'unsafe-path' });
    await expect(storage.findInside(folder, 'weights', {})).rejects.toMatchObject({ code: 'not-a-file' });
  });

  test('stretches are read, as copies, and none behind the end', async () => {
    const { storage, root } = make(MODEL);
    const file = await storage.findFile(storage.join(root, 'net/weights/one.bin'));
    const opened = await storage.open(file);
    const start = await opened.read(0, 3);
    expect(text(start)).toBe('abc');
    start.fill(0);
    expect(text(await opened.read(0, 8))).toBe('abcdefgh');
    expect((await opened.read(8, 0)).byteLength).toBe(0);
    await expect(opened.read(5, 4)).rejects.toMatchObject({ code: 'input-changed' });
    await opened.close();
    await storage.ensureUnchanged(file);
    const stretch = await storage.open({ ...file, byteOffset: 2, byteLength: 3 });
    expect(text(await stretch.read(1, 2))).toBe('de');
    await expect(stretch.read(1, 3)).rejects.toMatchObject({ code: 'input-changed' });
    await stretch.close();
  });

  test('a folder appears whole, with what was copied, patched and written', async () => {
    const { storage, root, contents } = make(MODEL);
    const file = await storage.findFile(storage.join(root, 'net/weights/one.bin'));
    const pending = await storage.beginFolder(storage.join(root, 'out'), false);
    await pending.copy(file, 'weights/whole.bin');
    await pending.copy(file, 'start.bin', 4);
    await pending.copy({ ...file, byteOffset: 3, byteLength: 3 }, './stretch.bin');
    await pending.patch('weights/whole.bin', 1, bytesOf('BC'));
    await pending.patch('weights/whole.bin', 6, bytesOf('G'));
    // The chunks of a reader share their memory.
    const shared = bytesOf('x1');
    await pending.write(
      'new.bin',
      (function* () {
        yield shared;
        shared[1] = '2'.charCodeAt(0);
        yield shared;
      })(),
    );
    await pending.patch('new.bin', 0, bytesOf('X'));
    expect(await pending.byteLength('start.bin')).toBe(4);
    expect(await pending.byteLength('new.bin')).toBe(4);
    await expect(pending.write('new.bin', [])).rejects.toThrow();
    expect(await storage.kindOf(storage.join(root, 'out'))).toBeUndefined();
    await pending.commit();
    expect(await contents()).toEqual({
      ...MODEL,
      'out/new.bin': 'X1x2',
      'out/start.bin': 'abcd',
      'out/stretch.bin': 'def',
      'out/weights/whole.bin': 'aBCdefGh',
    });
  });

  test('what is given up leaves nothing', async () => {
    const { storage, root, contents } = make(MODEL);
    const pending = await storage.beginFolder(storage.join(root, 'out'), false);
    await pending.write('new.bin', [bytesOf('new')]);
    await pending.discard();
    expect(await contents()).toEqual(MODEL);
  });

  test('a folder is replaced as a whole, and only when asked', async () => {
    const { storage, root, contents } = make(MODEL);
    const folder = storage.join(root, 'net');
    await expect(storage.beginFolder(folder, false)).rejects.toMatchObject({ code: 'output-exists' });
    const pending = await storage.beginFolder(folder, true);
    await pending.write('model.json', [bytesOf('new')]);
    await pending.commit();
    expect(await contents()).toEqual({ 'net/model.json': 'new', 'other.txt': 'other' });
  });

  test('of two outputs of one name the first stands', async () => {
    const { storage, root, contents } = make({});
    const [first, second] = [
      await storage.beginFiles(root, ['a'], false),
      await storage.beginFiles(root, ['a', 'b'], false),
    ];
    await first.write('a', [bytesOf('first')]);
    await second.write('b', [bytesOf('second')]);
    await second.write('a', [bytesOf('second')]);
    await first.commit();
    await expect(second.commit()).rejects.toMatchObject({ code: 'output-exists' });
    await second.discard();
    expect(await contents()).toEqual({ a: 'first' });
    await expect(storage.beginFiles(root, ['a'], false)).rejects.toMatchObject({ code: 'output-exists' });
  });

  test('files are replaced beside others', async () => {
    const { storage, root, contents } = make({ a: 'old', 'b/c': 'deep', other: 'other' });
    const pending = await storage.beginFiles(root, ['a'], true);
    await pending.write('a', [bytesOf('new')]);
    await pending.commit();
    expect(await contents()).toEqual({ a: 'new', 'b/c': 'deep', other: 'other' });
    await expect(storage.beginFiles(root, ['b'], true)).rejects.toMatchObject({ code: 'output-exists' });
  });
});

const FIXTURE = readFileSync(hdf5Fixture('weights.h5'));

/** Makes, changes and copies HDF5 files and an archive; all that is there then. */
async function makeKerasFiles(make: (typeof PLACES)[number][1]): Promise<ReadonlyMap<string, Buffer>> {
  const { storage, root } = make({});
  const begun = await storage.beginFolder(storage.join(root, 'in'), false);
  await begun.write('weights.h5', [FIXTURE]);
  await begun.commit();
  const found = await storage.findFile(storage.join(root, 'in/weights.h5'));
  const groups = ['/', '/layers'];
  expect(await storage.canEditHdf5(found, groups)).toBe(true);
  const values = await storage.withHdf5(found, async (file) => readAll(file));
  expect(values).toBe(3 * 9 * 4);

  const names = ['copy.h5', 'new.h5', 'net.keras'];
  const pending = await storage.beginFiles(root, names, false);
  const change = (name: string) =>
    pending.editHdf5(name, async (editor) => {
      const path = '/layers/dense_0/vars/0';
      const dataset = editor.dataset(path);
      const old = Buffer.concat([...editor.chunks(dataset)]);
      await editor.overwrite(dataset, [old.map((byte) => byte ^ 1)]);
      expect(Buffer.concat([...editor.chunks(dataset)])).toEqual(Buffer.from(old.map((byte) => byte ^ 1)));
      await editor.makeDataset('/new/large', 'float32', [100_000], [new Uint8Array(400_000).fill(7)]);
      await editor.makeDataset('/new/small', 'int8', [3], [Uint8Array.of(1, 2, 3)]);
      editor.writeTexts('/', 'names', ['a', 'größe']);
    });
  await pending.copy(found, 'copy.h5');
  await change('copy.h5');
  const renames = new Map([
    ['dense_0', 'dense_1'],
    ['dense_1', 'dense_0'],
  ]);
  await pending.renameInHdf5('copy.h5', [{ group: '/layers', renames }]);
  await pending.buildHdf5('new.h5', async (editor) => {
    await editor.makeDataset('/a', 'float64', [2], [new Uint8Array(16)]);
    editor.writeText('/a', 'say', 'x'.repeat(70_000));
  });
  await pending.writeZip('net.keras', [
    { name: 'config.json', chunks: [bytesOf('{}')], byteLength: 2 },
    {
      name: 'model.weights.h5',
      byteLimit: 2 ** 33,
      build: async (name) => {
        await pending.copy(found, name);
        await change(name);
      },
    },
  ]);
  await pending.commit();
  const wholes = await Promise.all(
    names.map(async (name) => {
      const file = await storage.findFile(storage.join(root, name));
      const opened = await storage.open(file);
      const bytes = Buffer.from(await opened.read(0, file.byteLength));
      await opened.close();
      return [name, bytes] as const;
    }),
  );
  const archive = await storage.openZip(await storage.findFile(storage.join(root, 'net.keras')));
  const stored = archive.members[1]!.stored!;
  expect(await storage.withHdf5(stored, async (file) => readAll(file))).toBe(values + 400_003);
  const again = await storage.beginFiles(root, ['out.h5'], false);
  await again.copy(stored, 'out.h5');
  await again.discard();
  const wrong = { ...stored, checksum: { member: 'model.weights.h5', crc32: 1 } };
  const spoilt = await storage.beginFiles(root, ['out.h5'], false);
  await expect(spoilt.copy(wrong, 'out.h5')).rejects.toMatchObject({ code: 'bad-zip' });
  await spoilt.discard();
  return new Map(wholes);
}

test('HDF5 files and archives have the same bytes wherever they are made', async () => {
  const made: ReadonlyMap<string, Buffer>[] = [];
  for (const [, make] of PLACES) made.push(await makeKerasFiles(make));
  const [first, ...others] = made;
  for (const other of others)
    for (const [name, bytes] of first!) expect(other.get(name)!.equals(bytes), name).toBe(true);
});

test.each(PLACES)('compressed members and damaged ones, %s', async (_, make) => {
  const { storage, root } = make({});
  const data = Buffer.from('{"class_name": "Functional"}'.repeat(9000));
  const packed = deflateRawSync(data);
  const archives = {
    good: buildZip([{ name: 'config.json', data, method: 8 }]),
    longer: buildZip([{ name: 'config.json', data, method: 8, packed: Buffer.concat([packed, Buffer.alloc(9)]) }]),
    shorter: buildZip([{ name: 'config.json', data, method: 8, packed: packed.subarray(0, -4) }]),
    noise: buildZip([{ name: 'config.json', data, method: 8, packed: Buffer.alloc(packed.length, 0xff) }]),
    other: buildZip([{ name: 'config.json', data, method: 8, packed: deflateRawSync(data.map((byte) => byte ^ 1)) }]),
    cut: buildZip([{ name: 'config.json', data }]).subarray(0, -1),
  };
  const pending = await storage.beginFolder(storage.join(root, 'in'), false);
  for (const [name, bytes] of Object.entries(archives)) await pending.write(name, [bytes]);
  await pending.commit();
  const open = async (name: string) => storage.openZip(await storage.findFile(storage.join(root, `in/${name}`)));
  const read = async (name: string) => {
    const archive = await open(name);
    return Buffer.from(await archive.read(archive.members[0]!, data.length));
  };
  expect((await read('good')).equals(data)).toBe(true);
  // Streams of browsers refuse what follows compressed data, those of Node 20 pass over it.
  const isSeen = storage === nodeStorage;
  for (const name of [...(isSeen ? ['longer'] : []), 'shorter', 'noise', 'other', 'cut'])
    await expect(read(name), name).rejects.toMatchObject({ code: 'bad-zip' });
  const good = await open('good');
  for await (const _ of good.chunks(good.members[0]!)) break;
  const unpacked = await storage.unpackTemporarily(
    await storage.findFile(storage.join(root, 'in/good')),
    good.chunks(good.members[0]!),
  );
  const opened = await storage.open(unpacked);
  expect(Buffer.from(await opened.read(0, unpacked.byteLength)).equals(data)).toBe(true);
  await opened.close();
});

test('a blob whose file changed since it was dropped is not read', async () => {
  const gone = new (class extends Blob {
    override slice(): Blob {
      return Object.assign(new Blob([]), {
        arrayBuffer: () => Promise.reject(new DOMException('', 'NotReadableError')),
      });
    }
  })(['weights']);
  const storage = memoryStorage([['weights.bin', gone]]);
  const file = await storage.findFile('weights.bin');
  await expect((await storage.open(file)).read(0, 3)).rejects.toMatchObject({ code: 'input-changed' });
  await expect(storage.ensureUnchanged(file)).rejects.toMatchObject({ code: 'input-changed' });
});
