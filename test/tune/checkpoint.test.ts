import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nodeStorage } from '../../src/storage/node/node-storage.js';
import {
  type Checkpoint,
  findCheckpoint,
  parseCheckpoint,
  serializeCheckpoint,
  writeCheckpoint,
} from '../../src/tune/checkpoint.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const folder = temporaryFolder();

const bytesOf = (checkpoint: Checkpoint): Buffer => Buffer.concat(serializeCheckpoint(checkpoint));

const number = fc.double({ noNaN: true, noDefaultInfinity: true });
const epoch = fc.record({
  epoch: fc.nat(),
  loss: number,
  accuracy: number,
  validationLoss: number,
  validationAccuracy: number,
});
/** No key that a plain object would move to its front, or take for its prototype. */
const key = fc.string().map((text) => `key ${text}`);
const anyCheckpoint: fc.Arbitrary<Checkpoint> = fc.record({
  given: fc.dictionary(key, fc.oneof(fc.string(), number, fc.boolean(), fc.constant(null)), {
    noNullPrototype: true,
  }),
  before: fc.record({ loss: number, accuracy: number }),
  epochs: fc.array(epoch, { minLength: 1, maxLength: 4 }),
  skipped: fc.array(fc.record({ path: fc.string(), reason: fc.string() }), { maxLength: 3 }),
  values: fc.dictionary(key, fc.float32Array({ maxLength: 20 })).map((values) => new Map(Object.entries(values))),
});

/** -0 is 0 in JSON; the numbers of losses are. */
const plain = (value: unknown) => JSON.parse(JSON.stringify(value));

test('what is written is read again, every bit of the values', () => {
  fc.assert(
    fc.property(anyCheckpoint, (checkpoint) => {
      const { values, ...state } = parseCheckpoint(bytesOf(checkpoint), 'x');
      const { values: written, ...given } = checkpoint;
      expect(plain(state)).toEqual(plain(given));
      expect([...values.keys()]).toEqual([...written.keys()]);
      const bits = (own: Float32Array) => [...new Uint32Array(own.slice().buffer)];
      for (const [name, own] of values) expect(bits(own)).toEqual(bits(written.get(name)!));
    }),
  );
});

const EXAMPLE: Checkpoint = {
  given: { epochs: 3 },
  before: { loss: 1, accuracy: 0.5 },
  epochs: [{ epoch: 1, loss: 1, accuracy: 0.5, validationLoss: 1, validationAccuracy: 0.5 }],
  skipped: [],
  values: new Map([
    ['a', Float32Array.of(1, 2)],
    ['b', Float32Array.of(3)],
  ]),
};

test('what is cut off or has any other byte in its values is refused', () => {
  const bytes = bytesOf(EXAMPLE);
  for (let length = 0; length < bytes.length; length++)
    expect(() => parseCheckpoint(bytes.subarray(0, length), 'x'), String(length)).toThrow(/^the checkpoint /);
  for (let at = bytes.length - 12; at < bytes.length; at++) {
    const damaged = Buffer.from(bytes);
    damaged[at]! ^= 0x10;
    expect(() => parseCheckpoint(damaged, 'x')).toThrow('the checkpoint is damaged');
  }
  expect(() => parseCheckpoint(Buffer.concat([bytes, Buffer.of(0, 0, 0, 0)]), 'x')).toThrow(
    'the checkpoint is damaged',
  );
});

test('a damaged one is not gone on from: the run begins anew without --resume', () => {
  expect(() => parseCheckpoint(new Uint8Array(100), 'x')).toThrow(
    expect.objectContaining({ hint: expect.stringContaining('with --force and without --resume') }),
  );
});

test('sizes that the file does not hold are refused before anything is made of them', () => {
  const header = { version: 1, ...EXAMPLE, sha256: '', values: [{ name: 'a', length: 2 ** 40 }] };
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(text.length);
  const magic = bytesOf(EXAMPLE).subarray(0, 8);
  expect(() => parseCheckpoint(Buffer.concat([magic, length, text]), 'x')).toThrow('the checkpoint is damaged');
  expect(() => parseCheckpoint(Buffer.concat([magic, Buffer.of(255, 255, 255, 255), text]), 'x')).toThrow('cut off');
});

test('a folder holds the last one; there is none at first', async () => {
  const place = `${folder}/new/place`;
  expect(await findCheckpoint(nodeStorage, place)).toBeUndefined();
  await writeCheckpoint(nodeStorage, place, EXAMPLE);
  const second = { ...EXAMPLE, before: { loss: 2, accuracy: 0.25 } };
  await writeCheckpoint(nodeStorage, place, second);
  expect(await findCheckpoint(nodeStorage, place)).toEqual(second);
});
