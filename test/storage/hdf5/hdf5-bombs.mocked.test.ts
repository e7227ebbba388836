import { readFileSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { RetrofitError } from '../../../src/errors.js';
import { randomNumbers } from '../../../src/random.js';
import { makeFolders } from '../../support/cli.js';
import { damage } from '../../support/damage.js';
import { buildFile, hdf5Fixture } from '../../support/hdf5-files.js';
import { answersOf, openBytes } from '../../support/hdf5-judge.js';
import { isAll } from '../../support/is-all.js';
import { SEED } from '../../support/turns.js';

// Who means harm computes the checksums anew: here they always hold.
vi.mock('../../../src/storage/hdf5/checksum.js', () => ({ verifyChecksum: () => {}, lookup3: () => 0 }));

const newFolder = makeFolders();
const MUTANTS = isAll ? 3000 : 60;

test.each([
  'groups_latest',
  'texts_latest',
  'chunks_latest',
  'indexes_latest',
  'large_attribute_latest',
  'values_v108',
])('a damaged %s whose checksums are right is read or refused, soon', (name) => {
  const whole = readFileSync(hdf5Fixture(`kinds/${name}.h5`));
  const random = randomNumbers(SEED, `bombs ${name}`);
  for (let mutant = 0; mutant < MUTANTS; mutant += 1) {
    const bytes = damage(whole, random);
    const start = performance.now();
    // Whatever is thrown but a RetrofitError fails the test.
    answersOf(bytes);
    expect(performance.now() - start).toBeLessThan(4000);
  }
});

/** What a file answers, as an error. */
function refusalOf(read: () => unknown): RetrofitError {
  try {
    read();
  } catch (error) {
    if (error instanceof RetrofitError) return error;
    throw error;
  }
  throw new Error('it was read');
}

test('a list that refers to one long text many times is not read', async () => {
  const texts = Array.from({ length: 3000 }, (_, index) => `${index}`);
  const path = await buildFile(newFolder(), 'texts.h5', async (editor) => {
    editor.writeTexts('/', 'list', texts);
    editor.writeText('/', 'long', 'x'.repeat(2 ** 20));
  });
  const bytes = new Uint8Array(readFileSync(path));
  const view = Buffer.from(bytes.buffer);
  // The only reference to a text of this length is copied over those of the list.
  const length = Buffer.alloc(4);
  length.writeUInt32LE(2 ** 20);
  const long = view.indexOf(
    Buffer.concat([length, view.subarray(view.lastIndexOf(length) + 4, view.lastIndexOf(length) + 16)]),
  );
  const list = view.indexOf('list\0');
  const reference = Buffer.from(view.subarray(long, long + 16));
  // The head of the message, its name, the type and the shape lie before the values.
  const first = list + 8 + 24 + 24;
  for (let index = 0; index < texts.length; index += 1) reference.copy(view, first + 16 * index);
  const error = refusalOf(() => openBytes(bytes).readTexts('/', 'list'));
  expect(error).toMatchObject({ code: 'bad-hdf5', where: { field: '/@list' } });
  expect(error.message).toContain('more text than any');
});

test('headers that lie over each other are no more than the file together', () => {
  const bytes = new Uint8Array(readFileSync(hdf5Fixture('many.h5')));
  const view = Buffer.from(bytes.buffer);
  // Each dataset's header claims to be half the file long, of one message that is as long as it can be.
  for (let at = view.indexOf('SNOD'); at >= 0; at = view.indexOf('SNOD', at + 4)) {
    for (let entry = 0; entry < view.readUInt16LE(at + 6); entry += 1) {
      const header = Number(view.readBigUInt64LE(at + 8 + 40 * entry + 8));
      if (view[header] === 1 && header > 2000) view.writeUInt32LE(Math.floor((bytes.length - header) / 2), header + 8);
    }
  }
  expect(refusalOf(() => openBytes(bytes).list('/group'))).toMatchObject({ code: 'bad-hdf5' });
});
