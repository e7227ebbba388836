import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { RetrofitError } from '../../../../src/errors.js';
import { MAX_ZIP_DIRECTORY_BYTES, MAX_ZIP_MEMBERS } from '../../../../src/limits.js';
import { nodeStorage } from '../../../../src/storage/node/node-storage.js';
import { openZip } from '../../../../src/storage/node/zip/zip-reader.js';
import type { FoundFile, OpenFile, ZipArchive } from '../../../../src/storage/storage.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';
import {
  type BuiltArchive,
  type BuiltMember,
  buildZip,
  end64Of,
  endOf,
  zip64Field,
} from '../../../support/zip-builder.js';

const folder = temporaryFolder();
const path = join(folder, 'model.keras');

async function openBytes(bytes: Uint8Array): Promise<ZipArchive> {
  writeFileSync(path, bytes);
  return nodeStorage.openZip(await nodeStorage.findFile(path));
}

/** Opens an archive and reads every member; the error that says no, or a failure of the test. */
async function refusal(bytes: Uint8Array): Promise<RetrofitError> {
  try {
    const archive = await openBytes(bytes);
    for (const member of archive.members) for await (const _ of archive.chunks(member));
  } catch (error) {
    if (error instanceof RetrofitError) return error;
    throw error;
  }
  throw new Error('the archive was read');
}

async function expectRefusal(
  archive: Buffer,
  code: 'bad-zip' | 'unsafe-path',
  message: RegExp,
  member?: string | undefined,
): Promise<void> {
  const error = await refusal(archive);
  expect(error.message).toMatch(message);
  expect(error).toMatchObject({ code, kind: 'input', where: { file: path } });
  // A nameless member has no field to name.
  expect(error.where.field).toBe(member || undefined);
  expect(error.hint).toMatch(/./);
  expect(error.message).not.toContain('\n');
}

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();
const config: BuiltMember = { name: 'config.json', data: '{"class_name": "Functional"}' };
const weights: BuiltMember = { name: 'model.weights.h5', data: Buffer.alloc(3000, 'weights ') };

describe('an archive that is what it says', () => {
  test('gives its members in order, stored ones as windows of the file', async () => {
    const bytes = buildZip([
      config,
      { name: 'assets/' },
      { ...weights, method: 8 },
      { name: 'assets/größe', flags: 0x800 },
    ]);
    const archive = await openBytes(bytes);
    const found = await nodeStorage.findFile(path);
    expect(archive.members.map(({ name, byteLength }) => [name, byteLength])).toEqual([
      ['config.json', 28],
      ['model.weights.h5', 3000],
      ['assets/größe', 0],
    ]);
    const [json, h5] = archive.members;
    const checksum = { member: 'config.json', crc32: crc32(Buffer.from(config.data as string)) };
    expect(json?.stored).toEqual({ path, identity: found.identity, byteLength: 28, byteOffset: 41, checksum });
    expect(h5?.stored).toBeUndefined();
    expect(text(await archive.read(json!, 28))).toBe(config.data);
    expect(text(await archive.read(h5!, 3000))).toBe(text(weights.data as Buffer));
    const opened = await nodeStorage.open(json!.stored!);
    expect(text(await opened.read(2, 10))).toBe('class_name');
    await opened.close();
    await nodeStorage.ensureUnchanged(json!.stored!);
  });

  test('may be empty, and may have a comment', async () => {
    expect((await openBytes(buildZip([]))).members).toEqual([]);
    expect((await openBytes(buildZip([config], { comment: Buffer.from('saved by hand') }))).members).toHaveLength(1);
  });

  test.each([12, 16, 20, 24])('may have sizes and checksum behind the data, in %i bytes', async (length) => {
    const data = Buffer.from('{"class_name": "Functional"}');
    const isLong = length >= 20;
    const behind = Buffer.alloc(length);
    let at = length % 8 === 0 ? behind.writeUInt32LE(0x08074b50) : 0;
    at = behind.writeUInt32LE(crc32(data), at);
    for (const _ of [0, 1]) {
      at = isLong ? behind.writeBigUInt64LE(BigInt(data.length), at) : behind.writeUInt32LE(data.length, at);
    }
    const streamed = { ...config, flags: 8, behind, inHeader: (header: Buffer) => void header.fill(0, 14, 26) };
    const archive = await openBytes(buildZip([streamed, weights]));
    expect(text(await archive.read(archive.members[0]!, 100))).toBe(config.data);
    behind[behind.length - 1]! ^= 1;
    await expectRefusal(buildZip([streamed, weights]), 'bad-zip', /size or checksum/, 'config.json');
  });

  test('may be zip64 without need', async () => {
    const large: BuiltMember = {
      ...config,
      localExtra: zip64Field(28, 28),
      inHeader: (header) => void header.fill(0xff, 18, 26),
      extra: zip64Field(28, 28, 0),
      inRecord: (record) => {
        record.fill(0xff, 20, 28);
        record.fill(0xff, 42, 46);
      },
    };
    const archive = await openBytes(buildZip([large], { end: end64Of }));
    expect(archive.members).toMatchObject([{ name: 'config.json', byteLength: 28, stored: { byteOffset: 61 } }]);
    // Go writes the place into the field although the record has it.
    const go = { ...large, inRecord: (record: Buffer) => void record.fill(0xff, 20, 28) };
    expect((await openBytes(buildZip([go], { end: end64Of }))).members).toHaveLength(1);
  });

  test('is open only while it is read, also where reading stops in the middle or fails', async () => {
    let isOpen = 0;
    const open = async (file: FoundFile): Promise<OpenFile> => {
      const opened = await nodeStorage.open(file);
      isOpen++;
      return {
        read: opened.read,
        close: async () => {
          isOpen--;
          await opened.close();
        },
      };
    };
    const data = Buffer.alloc(3 * 2 ** 20).map((_, index) => index ^ (index >> 8));
    const damaged = { name: 'damaged', data, method: 8, packed: Buffer.alloc(2 ** 20, 0xff) };
    writeFileSync(path, buildZip([{ name: 'packed', data, method: 8 }, { name: 'stored', data }, damaged]));
    const archive = await openZip(await nodeStorage.findFile(path), open);
    expect(isOpen).toBe(0);
    for (const member of archive.members.slice(0, 2)) {
      for await (const _ of archive.chunks(member)) break;
      expect(isOpen).toBe(0);
    }
    await expect(archive.read(archive.members[2]!, data.length)).rejects.toMatchObject({ code: 'bad-zip' });
    expect(isOpen).toBe(0);
    writeFileSync(path, 'PK');
    await expect(openZip(await nodeStorage.findFile(path), open)).rejects.toMatchObject({ code: 'bad-zip' });
    expect(isOpen).toBe(0);
  });

  test('gives no member that is longer than the reader takes', async () => {
    const archive = await openBytes(buildZip([weights]));
    const error = await archive.read(archive.members[0]!, 2999).catch((caught) => caught);
    expect(error).toMatchObject({ code: 'bad-zip', where: { file: path, field: 'model.weights.h5' } });
    expect(error.message).toMatch(/3000 bytes.*at most 2999/);
  });
});

describe('names and kinds that lead elsewhere', () => {
  test.each([
    ['/etc/passwd', /absolute/],
    ['../model.h5', /outside/],
    ['assets/../../x', /outside/],
    ['..', /outside/],
    ['assets/..', /outside/],
    ['C:x', /drive/],
    ['c:/x', /drive/],
    ['assets\\x', /backslash/],
    ['..\\x', /backslash/],
    ['\\\\host\\share', /backslash/],
    ['a\0b', /control/],
    ['a\nb', /control/],
    ['a\u001b[31m', /control/],
    ['', /without a name/],
    ['a//b', /no plain path/],
    ['./a', /no plain path/],
    ['/', /absolute/],
  ])('%j is refused', async (name, message) => {
    await expectRefusal(buildZip([config, { name }]), 'unsafe-path', message, name);
  });

  const withMode = (name: string, mode: number): BuiltMember => ({
    name,
    inRecord: (record) => void record.writeUInt32LE(mode * 2 ** 16, 38),
  });

  test.each([
    ['a link', 0o120777],
    ['a pipe', 0o010644],
    ['a character device', 0o020644],
    ['a block device', 0o060644],
    ['a socket', 0o140755],
    ['a folder without a slash', 0o040755],
  ])('%s is refused', async (_, mode) => {
    await expectRefusal(buildZip([withMode('assets', mode)]), 'unsafe-path', /instead of a file/, 'assets');
  });

  test('a link that is named like a folder is refused; files and folders with a mode are not', async () => {
    await expectRefusal(buildZip([withMode('a/', 0o120777)]), 'unsafe-path', /name of a folder/, 'a/');
    expect((await openBytes(buildZip([withMode('a/', 0o040755), withMode('a/b', 0o100644)]))).members).toHaveLength(1);
  });

  test('control characters are refused in names of old code pages too', async () => {
    await expectRefusal(buildZip([{ name: Buffer.from([0x94, 0x0a]) }]), 'unsafe-path', /control/, 'ö◙');
    expect((await openBytes(buildZip([{ name: Buffer.from([0x94]) }]))).members[0]?.name).toBe('ö');
  });

  test('a name that is no UTF-8, and a second name, are refused', async () => {
    const latin = { name: Buffer.from('gr\xf6\xdfe', 'latin1'), flags: 0x800 };
    await expectRefusal(buildZip([latin]), 'bad-zip', /UTF-8/, 'gr\ufffd\ufffde');
    const other = Buffer.concat([Buffer.from([0x75, 0x70, 6, 0, 1, 0, 0, 0, 0]), Buffer.from('b')]);
    await expectRefusal(buildZip([{ name: 'a', extra: other }]), 'bad-zip', /two different names/, 'a');
  });
});

describe('members that contradict themselves', () => {
  const spoilt = (change: Partial<BuiltMember>): Buffer => buildZip([weights, { ...config, ...change }]);
  const both = (at: number, value: number): Partial<BuiltMember> => ({
    inHeader: (header) => void header.writeUInt16LE(value, at),
    inRecord: (record) => void record.writeUInt16LE(value, at + 2),
  });

  test('the same name twice', async () => {
    await expectRefusal(buildZip([config, weights, config]), 'bad-zip', /two members/, 'config.json');
    await expectRefusal(buildZip([{ name: 'a/' }, { name: 'a' }]), 'bad-zip', /two members/, 'a');
  });

  test.each([
    ['name', 30, /one name in the directory/],
    ['compression method', 8, /one compression method/],
    ['flags', 6, /one set of flags/],
    ['checksum', 14, /one checksum/],
    ['packed size', 18, /one size/],
    ['size', 22, /one size/],
  ])('another %s before the data than in the directory', async (_, at, message) => {
    const change = { inHeader: (header: Buffer) => void header.writeUInt8(header.readUInt8(at) ^ 8, at) };
    await expectRefusal(spoilt(change), 'bad-zip', message, 'config.json');
  });

  test('no header where the directory says', async () => {
    const change = { inHeader: (header: Buffer) => void header.writeUInt32LE(0) };
    await expectRefusal(spoilt(change), 'bad-zip', /invalid local file header/, 'config.json');
    const far = { inRecord: (record: Buffer) => void record.writeUInt32LE(0xfffffff, 42) };
    await expectRefusal(spoilt(far), 'bad-zip', /behind the end/, 'config.json');
  });

  test('encryption, of any kind', async () => {
    await expectRefusal(spoilt({ flags: 1 }), 'bad-zip', /encrypted/, 'config.json');
    await expectRefusal(spoilt({ flags: 0x41 }), 'bad-zip', /encryption/, 'config.json');
    await expectRefusal(spoilt({ flags: 0x2000 }), 'bad-zip', /encrypted/, 'config.json');
  });

  test('flags and compression methods that are not known', async () => {
    await expectRefusal(spoilt({ flags: 0x20 }), 'bad-zip', /flags.*0x20/, 'config.json');
    for (const method of [1, 9, 12, 14, 93, 99]) {
      await expectRefusal(spoilt(both(8, method)), 'bad-zip', new RegExp(`method ${method};`), 'config.json');
    }
  });

  test('a member in another part of the archive', async () => {
    const change = { inRecord: (record: Buffer) => void record.writeUInt16LE(1, 34) };
    await expectRefusal(spoilt(change), 'bad-zip', /another part/, 'config.json');
  });

  test('a wrong checksum', async () => {
    const wrong = {
      inHeader: (h: Buffer) => void h.writeUInt32LE(7, 14),
      inRecord: (r: Buffer) => void r.writeUInt32LE(7, 16),
    };
    for (const method of [0, 8])
      await expectRefusal(spoilt({ ...wrong, method }), 'bad-zip', /checksum is wrong/, 'config.json');
  });

  const declared = (size: number): Partial<BuiltMember> => ({
    inHeader: (header) => void header.writeUInt32LE(size, 22),
    inRecord: (record) => void record.writeUInt32LE(size, 24),
  });

  test('sizes that lie', async () => {
    await expectRefusal(spoilt(declared(27)), 'bad-zip', /not compressed, yet takes 28 bytes for 27/, 'config.json');
    await expectRefusal(spoilt({ ...declared(27), method: 8 }), 'bad-zip', /more than the 27 bytes/, 'config.json');
    await expectRefusal(spoilt({ ...declared(29), method: 8 }), 'bad-zip', /28 bytes, but declares 29/, 'config.json');
    await expectRefusal(buildZip([{ name: 'a/', data: 'x' }]), 'bad-zip', /folder that holds/, 'a/');
  });

  test('a bomb: more than 100 times as many bytes, declared or not, or more than 4 GiB', async () => {
    const zeros = Buffer.alloc(2 ** 24 + 1);
    await expectRefusal(spoilt({ data: zeros, method: 8 }), 'bad-zip', /more than 100 times/, 'config.json');
    const hidden = { ...declared(1000), data: zeros, method: 8 };
    await expectRefusal(spoilt(hidden), 'bad-zip', /more than the 1000 bytes/, 'config.json');
    const packed = Buffer.alloc(2 ** 16);
    const huge: Partial<BuiltMember> = {
      method: 8,
      packed,
      localExtra: zip64Field(2 ** 32 + 1),
      extra: zip64Field(2 ** 32 + 1),
      ...declared(0xffffffff),
    };
    await expectRefusal(spoilt(huge), 'bad-zip', /at most 4294967296/, 'config.json');
  });

  test('but no bomb: JSON of many equal layers shrinks more than 100 times', async () => {
    const data = '{"class_name": "Dense"},'.repeat(10_000);
    const archive = await openBytes(buildZip([{ name: 'config.json', data, method: 8 }]));
    expect(text(await archive.read(archive.members[0]!, data.length))).toBe(data);
  });

  test('compressed data that is no such data, ends early or goes on', async () => {
    const deflated = deflateRawSync(Buffer.from(config.data as string));
    const packed = (bytes: Uint8Array) => spoilt({ method: 8, packed: bytes });
    await expectRefusal(packed(Buffer.alloc(20, 0xff)), 'bad-zip', /is damaged: /, 'config.json');
    await expectRefusal(packed(deflated.subarray(0, -4)), 'bad-zip', /is damaged: /, 'config.json');
    await expectRefusal(packed(Buffer.concat([deflated, Buffer.alloc(5)])), 'bad-zip', /bytes follow/, 'config.json');
    const more = Buffer.concat([deflated, Buffer.alloc(3 * 2 ** 20)]);
    await expectRefusal(packed(more), 'bad-zip', /bytes follow/, 'config.json');
  });

  const saturated = (at: number) => ({ inRecord: (record: Buffer) => void record.fill(0xff, at, at + 4) });
  const large = { ...saturated(24), localExtra: Buffer.alloc(0) };

  test.each<[string, Partial<BuiltMember>, RegExp]>([
    ['none', large, /missing, damaged/],
    ['too short', { ...large, extra: zip64Field() }, /does not include uncompressed/],
    ['with too much', { ...large, extra: zip64Field(28, 28) }, /missing, damaged/],
    [
      'that ends within a number',
      { ...large, extra: Buffer.from([1, 0, 10, 0, 28, 0, 0, 0, 0, 0, 0, 0, 0, 0]) },
      /missing/,
    ],
    ['twice', { ...large, extra: Buffer.concat([zip64Field(28), zip64Field(28)]) }, /two zip64/],
    ['that nothing refers to', { extra: zip64Field(29, 29) }, /contradicts/],
    ['with another size', { ...large, extra: zip64Field(29) }, /not compressed, yet/],
    ['with a size no number holds', { ...large, extra: zip64Field(2n ** 64n - 1n) }, /not compressed, yet/],
    ['longer than its record', { extra: Buffer.from([1, 0, 8, 0, 1]) }, /extra field length/],
    [
      'only before the data, with another size',
      { inHeader: (h) => void h.fill(0xff, 22, 26), localExtra: zip64Field(29) },
      /one size/,
    ],
    ['missing before the data', { inHeader: (h) => void h.fill(0xff, 22, 26) }, /one size/],
  ])('a zip64 field: %s', async (_, change, message) => {
    await expectRefusal(spoilt(change), 'bad-zip', message, 'config.json');
  });
});

describe('archives that say two things at once', () => {
  const good = buildZip([config, weights]);
  const ended = (end: NonNullable<BuiltArchive['end']>) => buildZip([config, weights], { end });
  const spoiltEnd = (spoil: (end: Buffer) => void) =>
    ended((facts) => {
      const end = endOf(facts);
      spoil(end);
      return end;
    });

  test('members that overlap', async () => {
    const second = { ...config, name: 'copy.json' };
    const onFirst = { ...second, inRecord: (record: Buffer) => void record.writeUInt32LE(0, 42) };
    // The same header serves two members: each name has to be its own, so it is the name that gives it away.
    await expectRefusal(buildZip([config, onFirst]), 'bad-zip', /one name/, 'copy.json');
    const inner = buildZip([second]).subarray(0, 30 + 9 + 28);
    const outer: BuiltMember = { name: 'outer', data: inner };
    const within = { ...second, inRecord: (record: Buffer) => void record.writeUInt32LE(35, 42) };
    await expectRefusal(buildZip([outer, within]), 'bad-zip', /overlaps the member "copy.json"/, 'outer');
  });

  test('a member that reaches into the directory', async () => {
    const long: BuiltMember = {
      ...config,
      inHeader: (header) => [18, 22].map((at) => header.writeUInt32LE(30, at)),
      inRecord: (record) => [20, 24].map((at) => record.writeUInt32LE(30, at)),
    };
    await expectRefusal(buildZip([long]), 'bad-zip', /overlaps the directory/, 'config.json');
  });

  test('bytes that belong to no member', async () => {
    await expectRefusal(buildZip([config], { before: Buffer.from('MZ') }), 'bad-zip', /2 bytes before/, 'config.json');
    const gap = buildZip([{ ...config, behind: Buffer.alloc(7) }, weights]);
    await expectRefusal(gap, 'bad-zip', /7 bytes between.*belong to none/, 'config.json');
    const last = buildZip([config, { ...weights, behind: Buffer.alloc(7) }]);
    await expectRefusal(last, 'bad-zip', /7 bytes between/, 'model.weights.h5');
  });

  test('garbage before or behind', async () => {
    await expectRefusal(Buffer.concat([Buffer.alloc(9), good]), 'bad-zip', /not where its end record says/);
    await expectRefusal(Buffer.concat([good, Buffer.from('\n')]), 'bad-zip', /not at the end of the file/);
    await expectRefusal(good.subarray(1), 'bad-zip', /not where its end record says/);
    await expectRefusal(good.subarray(0, -1), 'bad-zip', /cut short/);
  });

  test('two end records: one archive behind another, within its comment, or with its places made to fit', async () => {
    const other = buildZip([{ ...config, data: '{}' }]);
    await expectRefusal(Buffer.concat([good, other]), 'bad-zip', /not where its end record says/);
    await expectRefusal(buildZip([config], { comment: other }), 'bad-zip', /not where its end record says/);
    const commented = buildZip([config], {
      comment: Buffer.concat([endOf({ entryCount: 0, directoryOffset: 0, directoryLength: 0 })]),
    });
    await expectRefusal(commented, 'bad-zip', /not where its end record says/);
    await expectRefusal(
      buildZip([{ ...config, data: '{}' }], { before: good }),
      'bad-zip',
      /bytes before the first/,
      'config.json',
    );
  });

  test('no archive at all', async () => {
    for (const bytes of ['', 'PK', 'PK\x05\x06', '\x89HDF\r\n\x1a\n and so on, for more than 22 bytes']) {
      await expectRefusal(Buffer.from(bytes, 'latin1'), 'bad-zip', /no zip archive/);
    }
  });

  test.each<[string, (end: Buffer) => void, RegExp, string?]>([
    ['this part', (end) => end.writeUInt16LE(1, 4), /one part of several/],
    ['the part of the directory', (end) => end.writeUInt16LE(1, 6), /one part of several/],
    ['members in this part', (end) => end.writeUInt16LE(1, 8), /one part of several/],
    ['members: too few', (end) => [8, 10].map((at) => end.writeUInt16LE(1, at)), /more than its members/],
    ['members: too many', (end) => [8, 10].map((at) => end.writeUInt16LE(3, at)), /the archive is damaged/],
    ['size of the directory', (end) => end.writeUInt32LE(3, 12), /not where/],
    ['place of the directory', (end) => end.writeUInt32LE(3, 16), /not where/],
    ['see zip64, where there is none', (end) => end.fill(0xff, 8, 20), /not where/],
  ])('an end record that is wrong about %s', async (_, spoil, message) => {
    await expectRefusal(spoiltEnd(spoil), 'bad-zip', message);
  });

  test.each<[string, (record: Buffer, locator: Buffer, end: Buffer) => void, RegExp]>([
    ['signature', (record) => record.writeUInt32LE(0), /zip64 end record is damaged/],
    ['length', (record) => record.writeUInt32LE(45, 4), /zip64 end record is damaged/],
    ['place', (_, locator) => locator.writeUInt32LE(0, 8), /zip64 end record is damaged/],
    [
      'place beyond all files',
      (_, locator) => locator.writeBigUInt64LE(2n ** 64n - 1n, 8),
      /zip64 end record is damaged/,
    ],
    ['part of the record', (_, locator) => locator.writeUInt32LE(1, 4), /one part of several/],
    ['number of parts', (_, locator) => locator.writeUInt32LE(2, 16), /one part of several/],
    ['this part', (record) => record.writeUInt32LE(1, 16), /one part of several/],
    ['part of the directory', (record) => record.writeUInt32LE(1, 20), /one part of several/],
    ['members in this part', (record) => record.writeUInt32LE(1, 24), /one part of several/],
    ['members', (_, __, end) => [8, 10].map((at) => end.writeUInt16LE(1, at)), /contradicts/],
    ['directory size', (_, __, end) => end.writeUInt32LE(1, 12), /contradicts/],
    ['directory place', (_, __, end) => end.writeUInt32LE(1, 16), /contradicts/],
    ['members beyond all numbers', (record) => record.fill(0xff, 24, 40), /members; at most/],
    ['place in the record', (record) => record.writeUInt32LE(1, 48), /not where/],
  ])('zip64 records that are wrong about: %s', async (_, spoil, message) => {
    await expectRefusal(
      ended((facts) => end64Of(facts, spoil)),
      'bad-zip',
      message,
    );
  });

  test('a directory with a record that is none, or that ends beyond it', async () => {
    const damaged = { ...config, inRecord: (record: Buffer) => void record.writeUInt32LE(0) };
    await expectRefusal(buildZip([weights, damaged]), 'bad-zip', /invalid central directory/, 'config.json');
    const long = { ...config, inRecord: (record: Buffer) => void record.writeUInt16LE(3, 32) };
    await expectRefusal(buildZip([weights, long]), 'bad-zip', /ends within a member/, 'config.json');
  });

  test('more members, or a larger directory, than any model has', async () => {
    const many = Array.from({ length: MAX_ZIP_MEMBERS + 1 }, (_, index) => ({ name: `assets/${index}` }));
    await expectRefusal(buildZip(many), 'bad-zip', /4097 members; at most 4096/);
    expect((await openBytes(buildZip(many.slice(1)))).members).toHaveLength(MAX_ZIP_MEMBERS);
    const wide = Array.from({ length: MAX_ZIP_DIRECTORY_BYTES / 2 ** 16 + 1 }, (_, index) => ({
      name: `${index}`,
      comment: 'x'.repeat(2 ** 16 - 1),
    }));
    await expectRefusal(buildZip(wide), 'bad-zip', /directory of the archive takes/);
  });
});
