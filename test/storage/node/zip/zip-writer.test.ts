import {
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { nodeStorage } from '../../../../src/storage/node/node-storage.js';
import { writeZip } from '../../../../src/storage/node/zip/zip-writer.js';
import type { NewZipMember } from '../../../../src/storage/storage.js';
import { directoryRecord, endRecords, localHeader } from '../../../../src/storage/zip/zip-headers.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';

const folder = temporaryFolder();
const GIB = 2 ** 30;
let made = 0;

/** The bytes of an archive of members that are not pending. */
async function zipOf(members: readonly NewZipMember[]): Promise<Buffer> {
  const path = join(folder, `${made++}.keras`);
  await writeZip(path, members, async () => {});
  return readFileSync(path);
}

const member = (name: string, ...chunks: readonly string[]): NewZipMember => ({
  name,
  byteLength: Buffer.byteLength(chunks.join('')),
  chunks: chunks.map((chunk) => Buffer.from(chunk)),
});

const members = [member('metadata.json', '{', '', '}'), member('assets/größe', 'abc')];

/** What Python 3.11 writes: ZipFile(f, "w"), writestr(ZipInfo("metadata.json"), "{}"), writestr(ZipInfo("assets/größe"), "abc"). */
const BY_PYTHON =
  '504b03041400000000000000210043bfa6a302000000020000000d0000006d657461646174612e6a736f6e7b7d504b030414000008000000002100c241243503000000030000000e0000006173736574732f6772c3b6c39f65616263504b010214031400000000000000210043bfa6a302000000020000000d00000000000000000000008001000000006d657461646174612e6a736f6e504b0102140314000008000000002100c241243503000000030000000e000000000000000000000080012d0000006173736574732f6772c3b6c39f65504b05060000000002000200770000005c0000000000';

describe('an archive', () => {
  test('is byte for byte what Python writes, as Keras uses it', async () => {
    expect((await zipOf(members)).toString('hex')).toBe(BY_PYTHON);
  });

  test('is the same whatever the time zone and the umask', async () => {
    const { TZ } = process.env;
    const umask = process.umask();
    try {
      for (const [zone, mask] of [
        ['Pacific/Kiritimati', 0o077],
        ['America/New_York', 0o002],
      ] as const) {
        process.env.TZ = zone;
        process.umask(mask);
        expect((await zipOf(members)).toString('hex')).toBe(BY_PYTHON);
      }
    } finally {
      process.umask(umask);
      if (TZ === undefined) delete process.env.TZ;
      else process.env.TZ = TZ;
    }
  });

  test('of nothing is read as one of nothing', async () => {
    expect(await zipOf([])).toHaveLength(22);
  });

  test('takes chunks as they come, from a source that is asked once', async () => {
    async function* pieces() {
      yield Buffer.from('wei');
      yield Buffer.from('ghts');
    }
    const written = await zipOf([{ name: 'model.weights.h5', byteLength: 7, chunks: pieces() }]);
    expect(written.equals(await zipOf([member('model.weights.h5', 'weights')]))).toBe(true);
  });

  test.each([6, 8])('of a member that has other bytes than said (%i for 7) is a defect', async (byteLength) => {
    const wrong = { ...member('model.weights.h5', 'weights'), byteLength } as NewZipMember;
    await expect(zipOf([wrong])).rejects.toThrow(`model.weights.h5 has 7 bytes, not the ${byteLength}`);
  });
});

describe('in a pending output', () => {
  test.each([10 * 2 ** 20, 5 * GIB])('a file is made within the archive, at most %i bytes long', async (byteLimit) => {
    const output = join(folder, `staged-${byteLimit}`);
    const weights = Buffer.alloc(3 * 2 ** 20 + 5, 'weights ');
    const source = join(folder, 'weights');
    writeFileSync(source, weights);
    const pending = await nodeStorage.beginFolder(output, false);
    const build = async (name: string) => {
      await pending.copy(await nodeStorage.findFile(source), name, weights.length - 100);
      // Within what was copied, over its end, behind it; the last is written over by what comes then.
      const places = [8, 2 ** 20 - 3, 5, weights.length - 104, weights.length - 90, weights.length - 95];
      for (const [index, place] of places.entries()) {
        const text = Buffer.from(`WEIGHTS${index}`);
        await pending.patch(name, place, text);
        text.copy(weights, place);
      }
      const long = Buffer.alloc(2 ** 20 + 17, 'long');
      await pending.patch(name, 2 ** 20, long);
      long.copy(weights, 2 ** 20);
    };
    weights.fill(0, weights.length - 100);
    await pending.writeZip('model.keras', [
      member('config.json', '{}'),
      { name: 'model.weights.h5', build, byteLimit },
      member('assets/last', 'abc'),
    ]);
    await pending.commit();
    expect(readdirSync(output)).toEqual(['model.keras']);
    const archive = await nodeStorage.openZip(await nodeStorage.findFile(join(output, 'model.keras')));
    expect(archive.members.map(({ name }) => name)).toEqual(['config.json', 'model.weights.h5', 'assets/last']);
    expect(archive.members[1]!.stored!.byteOffset).toBe(30 + 11 + 2 + 30 + 16 + (byteLimit > 4 * GIB ? 20 : 0));
    const written = Buffer.from(await archive.read(archive.members[1]!, 2 ** 22));
    expect(written.equals(weights.subarray(0, weights.length - 82))).toBe(true);
    expect(Buffer.from(await archive.read(archive.members[2]!, 3)).toString()).toBe('abc');
  });

  test('a member of an archive is copied as the window that it is', async () => {
    const path = join(folder, 'source.keras');
    await writeZip(
      path,
      [member('config.json', '{}'), member('model.weights.h5', 'weights'), member('z', 'z')],
      async () => {},
    );
    const archive = await nodeStorage.openZip(await nodeStorage.findFile(path));
    const { stored } = archive.members[1]!;
    const output = join(folder, 'copied');
    const pending = await nodeStorage.beginFolder(output, false);
    await pending.copy(stored!, 'whole');
    await pending.copy(stored!, 'part', 3);
    truncateSync(path, stored!.byteOffset! + 2);
    await expect(pending.copy(stored!, 'short')).rejects.toMatchObject({ code: 'input-changed' });
    await pending.patch('whole', 0, Buffer.from('W'));
    expect(readdirSync(folder).filter((name) => name.startsWith('.copied'))).toHaveLength(1);
    await pending.commit();
    expect(readFileSync(join(output, 'whole'), 'utf8')).toBe('Weights');
    expect(readFileSync(join(output, 'part'), 'utf8')).toBe('wei');
  });

  test('what fails leaves nothing', async () => {
    const output = join(folder, 'failed');
    const pending = await nodeStorage.beginFolder(output, false);
    async function* pieces() {
      yield Buffer.from('wei');
      throw new Error('no more');
    }
    await expect(pending.writeZip('model.keras', [{ name: 'a', byteLength: 7, chunks: pieces() }])).rejects.toThrow(
      'no more',
    );
    await pending.discard();
    expect(readdirSync(folder).filter((name) => name.includes('failed'))).toEqual([]);
  });
});

describe('zip64 is used where 32 bits do not do, and nowhere else', () => {
  const facts = { name: Buffer.from('w'), crc32: 0x01020304, byteLength: 3, headerOffset: 5 };
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
  const number = (value: number) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(BigInt(value));
    return bytes.toString('hex');
  };

  test('for the size of a member', () => {
    const large = { ...facts, byteLength: 2 ** 32 - 1 };
    const sizes = number(large.byteLength).repeat(2);
    expect(hex(localHeader(large))).toBe(
      `504b03042d00000000000000210004030201ffffffffffffffff010014007701001000${sizes}`,
    );
    expect(hex(directoryRecord(large))).toBe(
      `504b01022d032d00000000000000210004030201ffffffffffffffff010014000000000000000000800105000000` +
        `7701001000${sizes}`,
    );
    const small = { ...facts, byteLength: 2 ** 32 - 2 };
    expect(localHeader(small)).toHaveLength(31);
    expect(directoryRecord(small)).toHaveLength(47);
  });

  test('for the place of a member', () => {
    const far = { ...facts, headerOffset: 5 * GIB };
    expect(localHeader(far)).toHaveLength(31);
    expect(hex(directoryRecord(far))).toBe(
      `504b01022d032d00000000000000210004030201030000000300000001000c0000000000000000008001ffffffff` +
        `7701000800${number(far.headerOffset)}`,
    );
    expect(directoryRecord({ ...facts, headerOffset: 2 ** 32 - 2 })).toHaveLength(47);
  });

  test('for the directory: its place, its size, the number of members', () => {
    expect(endRecords(3, 4 * GIB - 2, 100)).toHaveLength(22);
    expect(endRecords(3, 4 * GIB - 1, 100)).toHaveLength(98);
    expect(endRecords(3, 100, 4 * GIB - 1)).toHaveLength(98);
    expect(endRecords(0xfffe, 100, 100)).toHaveLength(22);
    expect(endRecords(0xffff, 100, 100)).toHaveLength(98);
    expect(hex(endRecords(3, 5 * GIB, 100))).toBe(
      `504b0606${number(44)}2d032d000000000000000000${number(3)}${number(3)}${number(100)}${number(5 * GIB)}` +
        `504b060700000000${number(5 * GIB + 100)}01000000` +
        `504b0506000000000300030064000000ffffffff0000`,
    );
  });

  test('and what is written so is read so: 5 GiB that are a hole, and a member behind them', async () => {
    const path = join(folder, 'large.keras');
    const large = { name: Buffer.from('model.weights.h5'), byteLength: 5 * GIB, crc32: 0, headerOffset: 0 };
    const header = localHeader(large);
    const headerOffset = header.length + large.byteLength;
    const config = { name: Buffer.from('config.json'), byteLength: 2, crc32: crc32('{}'), headerOffset };
    const second = Buffer.concat([localHeader(config), Buffer.from('{}')]);
    const directory = Buffer.concat([directoryRecord(large), directoryRecord(config)]);
    writeFileSync(path, header);
    truncateSync(path, headerOffset);
    const file = openSync(path, 'r+');
    const end = endRecords(2, headerOffset + second.length, directory.length);
    writeSync(file, Buffer.concat([second, directory, end]), 0, undefined, headerOffset);
    const archive = await nodeStorage.openZip(await nodeStorage.findFile(path));
    expect(archive.members).toMatchObject([
      { name: 'model.weights.h5', byteLength: 5 * GIB, stored: { byteOffset: 66, byteLength: 5 * GIB } },
      { name: 'config.json', byteLength: 2 },
    ]);
    expect(Buffer.from(await archive.read(archive.members[1]!, 2)).toString()).toBe('{}');
    expect(statSync(path).blocks * 512).toBeLessThan(2 ** 20);
    expect(existsSync(path)).toBe(true);
  });
});
