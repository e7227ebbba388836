import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inflate } from '../../../src/storage/memory/inflate.js';
import { memoryStorage } from '../../../src/storage/memory.js';
import { inflate as inflateOnNode } from '../../../src/storage/node/hdf5/file-bytes.js';
import { hdf5Fixture, readAll, readFileWith } from '../../support/hdf5-files.js';

const SEED = 20261129;

test('gives what zlib gives, and no more than is asked for', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 4000 }), fc.integer({ min: 0, max: 9 }), (data, level) => {
      const packed = new Uint8Array(deflateSync(Buffer.concat([data, data]), { level }));
      const found = inflate(packed, 2 * data.length);
      expect(found && Buffer.from(found)).toEqual(Buffer.concat([data, data]));
      if (data.length > 0) expect(inflate(packed, 2 * data.length - 1)).toBeUndefined();
    }),
    { seed: SEED, numRuns: 50 },
  );
});

test('never takes damaged bytes for good ones', () => {
  const data = Buffer.from('weights of a layer '.repeat(200));
  const packed = new Uint8Array(deflateSync(data));
  fc.assert(
    fc.property(fc.nat(packed.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const damaged = packed.slice();
      damaged[at]! ^= change;
      const found = inflate(damaged, data.length);
      // Of the header, some bits say nothing of the bytes.
      if (found !== undefined) expect(Buffer.from(found)).toEqual(data);
    }),
    { seed: SEED, numRuns: 300 },
  );
  for (let end = 0; end < packed.length; end += 1)
    expect(inflate(packed.subarray(0, end), data.length)).toBeUndefined();
  expect(inflateOnNode(packed.subarray(0, -1), data.length)).toBeUndefined();
});

const KINDS = dirname(hdf5Fixture('kinds/x'));

test.each(readdirSync(KINDS))('HDF5 file %s holds in memory what it holds on the disk', async (name) => {
  const storage = memoryStorage([[name, new Blob([readFileSync(join(KINDS, name))])]]);
  const said = (error: { code: string; message: string }) => `${error.code} ${error.message}`;
  const here = await storage.withHdf5(await storage.findFile(name), async (file) => readAll(file)).catch(said);
  const there = await readFileWith(join(KINDS, name), (file) => readAll(file)).catch(said);
  expect(here).toEqual(there);
});
