import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RetrofitError } from '../../../../src/errors.js';
import { crc32ByTable } from '../../../../src/storage/crc32.js';
import { crc32 as ourCrc32 } from '../../../../src/storage/node/crc32.js';
import { openZip } from '../../../../src/storage/node/zip/zip-reader.js';
import { writeZip } from '../../../../src/storage/node/zip/zip-writer.js';
import type { FoundFile, OpenFile } from '../../../../src/storage/storage.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';
import { byTurns } from '../../../support/turns.js';
import { type BuiltMember, buildZip, end64Of, zip64Field } from '../../../support/zip-builder.js';

const SEED = 20260102;
const folder = temporaryFolder();
let written = 0;

type Contents = readonly (readonly [string, string])[];

/** What an archive holds, read from memory; to read outside of it would be a defect. */
async function contentsOf(bytes: Uint8Array): Promise<Contents> {
  const open = async (_: FoundFile): Promise<OpenFile> => ({
    read: async (byteOffset, byteLength) => {
      if (byteOffset < 0 || byteOffset + byteLength > bytes.byteLength) throw new Error('read outside of the file');
      return new Uint8Array(bytes.subarray(byteOffset, byteOffset + byteLength));
    },
    close: async () => {},
  });
  const archive = await openZip({ path: 'model.keras', byteLength: bytes.byteLength, identity: '' }, open);
  const contents: [string, string][] = [];
  for (const member of archive.members) {
    const content = Buffer.from(await archive.read(member, 2 ** 24));
    if (member.stored !== undefined) {
      const { byteOffset = 0, byteLength } = member.stored;
      expect(content.equals(bytes.subarray(byteOffset, byteOffset + byteLength))).toBe(true);
    }
    contents.push([member.name, content.toString('latin1')]);
  }
  return contents;
}

/** Every damage either gives the same contents or an error of ours. */
async function expectSafe(damaged: Uint8Array, contents: Contents): Promise<void> {
  let found: Contents;
  try {
    found = await contentsOf(damaged);
  } catch (error) {
    if (!(error instanceof RetrofitError)) throw error;
    expect(['bad-zip', 'unsafe-path']).toContain(error.code);
    return;
  }
  expect(found).toEqual(contents);
}

const segment = fc.stringMatching(/^[a-z0-9_é漢 -]{1,8}$/);
const member = fc.record({
  name: fc.array(segment, { minLength: 1, maxLength: 3 }).map((segments) => segments.join('/')),
  data: fc.uint8Array({ maxLength: 3000 }),
});
const members = fc.uniqueArray(member, { maxLength: 8, selector: ({ name }) => name });

describe('archives of any members', () => {
  test('are read as they were written, and written the same way twice', async () => {
    await fc.assert(
      fc.asyncProperty(members, fc.integer({ min: 1, max: 700 }), async (list, size) => {
        const split = (data: Uint8Array) =>
          Array.from({ length: Math.ceil(data.length / size) }, (_, index) =>
            data.slice(index * size, (index + 1) * size),
          );
        const paths = [0, 1].map(() => join(folder, `${written++}.keras`));
        for (const path of paths) {
          const chosen = list.map(({ name, data }) => ({ name, byteLength: data.length, chunks: split(data) }));
          await writeZip(path, chosen, async () => {});
        }
        const [first, second] = paths.map((path) => readFileSync(path));
        expect(first!.equals(second!)).toBe(true);
        const expected = list.map(({ name, data }) => [name, Buffer.from(data).toString('latin1')]);
        expect(await contentsOf(first!)).toEqual(expected);
      }),
      { seed: SEED, numRuns: 100 },
    );
  });

  test('are read as another tool packed them', async () => {
    await fc.assert(
      fc.asyncProperty(members, fc.infiniteStream(fc.boolean()), async (list, packs) => {
        const built = list.map(({ name, data }) => ({ name, data, flags: 0x800, method: packs.next().value ? 8 : 0 }));
        const expected = list.map(({ name, data }) => [name, Buffer.from(data).toString('latin1')]);
        expect(await contentsOf(buildZip(built))).toEqual(expected);
      }),
      { seed: SEED, numRuns: 200 },
    );
  });
});

const descriptor = Buffer.alloc(16);
descriptor.writeUInt32LE(0x08074b50);
descriptor.writeUInt32LE(crc32('streamed'), 4);
for (const at of [8, 12]) descriptor.writeUInt32LE(8, at);

const all: readonly BuiltMember[] = [
  { name: 'config.json', data: '{"class_name": "Functional"}' },
  { name: 'assets/' },
  { name: 'model.weights.h5', data: 'weights '.repeat(12), method: 8, comment: 'packed' },
  { name: 'piped', data: 'streamed', flags: 8, behind: descriptor, inHeader: (header) => void header.fill(0, 14, 26) },
  {
    name: 'größe',
    data: 'far',
    flags: 0x800,
    localExtra: zip64Field(3, 3),
    inHeader: (header) => void header.fill(0xff, 18, 26),
    extra: zip64Field(3, 3),
    inRecord: (record) => void record.fill(0xff, 20, 28),
  },
];

describe.each([
  ['a plain archive', buildZip(all, { comment: Buffer.from('a comment') })],
  ['a zip64 archive', buildZip(all, { end: end64Of })],
])('%s that is damaged', (_, good) => {
  test('in any one byte is refused, or holds what it held', async () => {
    const contents = await contentsOf(good);
    expect(contents.map(([name]) => name)).toEqual(['config.json', 'model.weights.h5', 'piped', 'größe']);
    for (let at = 0; at < good.length; at++) {
      // Each byte in some ways by turns; another seed takes others.
      for (const change of byTurns([0x01, 0x02, 0x08, 0x20, 0x40, 0x80, 0xff, good[at]!, 0xff ^ good[at]!], 3, at)) {
        const damaged = Buffer.from(good);
        damaged[at] = good[at]! ^ change;
        await expectSafe(damaged, contents);
      }
    }
  });

  test('by a cut anywhere is refused', async () => {
    for (let length = 0; length < good.length; length++) {
      for (const cut of [good.subarray(0, length), good.subarray(good.length - length)]) {
        await expect(contentsOf(cut)).rejects.toMatchObject({ code: 'bad-zip' });
      }
    }
  });

  test('in several places, or by moved, lost or repeated bytes, is refused, or holds what it held', async () => {
    const contents = await contentsOf(good);
    const place = fc.nat({ max: good.length - 1 });
    const value = fc.oneof(fc.nat({ max: 255 }), fc.constantFrom(0, 1, 8, 0x50, 0x4b, 0xff));
    const damage = fc.oneof(
      fc.tuple(place, value).map(([at, byte]) => (bytes: Buffer) => {
        if (at < bytes.length) bytes[at] = byte;
        return bytes;
      }),
      fc.tuple(place, place, place).map(([from, length, to]) => (bytes: Buffer) => {
        const piece = bytes.subarray(from, from + (length % 64));
        return Buffer.concat([bytes.subarray(0, to), piece, bytes.subarray(to)]);
      }),
      fc.tuple(place, place).map(
        ([from, length]) =>
          (bytes: Buffer) =>
            Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + (length % 64))]),
      ),
      fc.tuple(place, place, place).map(([from, length, to]) => (bytes: Buffer) => {
        Buffer.from(bytes.subarray(from, from + (length % 64))).copy(bytes, Math.min(to, bytes.length));
        return bytes;
      }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(damage, { minLength: 1, maxLength: 4 }), async (damages) => {
        const damaged = damages.reduce((bytes, change) => change(bytes), Buffer.from(good) as Buffer);
        await expectSafe(damaged, contents);
      }),
      { seed: SEED, numRuns: 3000 },
    );
  });
});

test("the checksum in plain arithmetic is Node's, in pieces too", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 300 }), (head, tail) => {
      const expected = crc32(Buffer.concat([head, tail]));
      expect(crc32ByTable(tail, crc32ByTable(head))).toBe(expected);
      expect(ourCrc32(tail, ourCrc32(head))).toBe(expected);
    }),
    { seed: SEED },
  );
});
