import fc from 'fast-check';
import { expect, test } from 'vitest';
import { makePiecedFile } from '../../../src/storage/memory/pieced-file.js';

const SEED = 20261129;

const change = fc.record({ at: fc.nat(1000), bytes: fc.uint8Array({ maxLength: 300 }) });

test('a file of pieces is what an array of its bytes would be, and what it was made of stays', async () => {
  const base = fc.uint8Array({ maxLength: 500 });
  await fc.assert(
    fc.asyncProperty(base, fc.boolean(), fc.array(change, { maxLength: 30 }), async (start, isBlob, changes) => {
      const given = start.slice();
      const file = makePiecedFile(isBlob ? new Blob([given]) : given);
      let expected = Buffer.from(start);
      const window = await file.open('file');
      for (const { at, bytes } of changes) {
        const address = Math.min(at, expected.length);
        const reused = bytes.slice();
        expect(await window.write(reused, address)).toBe(address + bytes.length);
        // Who writes may use the memory again.
        reused.fill(0);
        const longer = Buffer.alloc(Math.max(expected.length, address + bytes.length));
        expected.copy(longer);
        longer.set(bytes, address);
        expected = longer;
        expect(window.byteLength()).toBe(expected.length);
        const [from, length] = [Math.floor(address / 2), Math.floor(expected.length / 2)];
        if (from + length <= expected.length)
          expect(Buffer.from(window.read(from, length))).toEqual(expected.subarray(from, from + length));
      }
      expect(Buffer.from(window.read(0, expected.length))).toEqual(expected);
      expect(Buffer.from(await new Blob([file.toContent() as Blob]).arrayBuffer())).toEqual(expected);
      expect(given).toEqual(start);
    }),
    { seed: SEED, numRuns: 150 },
  );
  expect(() => makePiecedFile(new Uint8Array(3)).put(Uint8Array.of(1), 4)).toThrow();
});

test('what does not change stays where it is', async () => {
  const blob = new Blob(['weights']);
  expect(makePiecedFile(blob).toContent()).toBe(blob);
});
