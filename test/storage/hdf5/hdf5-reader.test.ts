import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { randomNumbers } from '../../../src/random.js';
import { damage } from '../../support/damage.js';
import { type Answers, answersOf, openBytes, startJudge } from '../../support/hdf5-judge.js';
import { isAll } from '../../support/is-all.js';
import { SEED } from '../../support/turns.js';

// HDF5's own library, by h5wasm, is the judge of what we read.

const FIXTURES = fileURLToPath(new URL('../../../fixtures/', import.meta.url));
const judge = startJudge();
afterAll(judge.end);

/** What is refused here, though HDF5 reads it: values elsewhere, bombs, and what few files hold. */
const REFUSED =
  /(?:^|\/)(?:(?:model_)?(?:bomb|cycle|external_link|external_storage|named_type|second_name|soft_link|two_names|unknown_filter|virtual)|user_block|unread_\w+)\.h5$/;

const FILES = readdirSync(FIXTURES, { recursive: true, encoding: 'utf8' })
  .map((name) => name.replaceAll('\\', '/'))
  .filter((name) => /\.(?:h5|hdf5|keras)$/.test(name));

const SIGNATURE = Buffer.from('\x89HDF\r\n\x1a\n', 'latin1');

/** A file, or the weights in an archive that stores them as they are; the first block says where they end. */
function bytesOf(name: string): Uint8Array {
  const bytes = readFileSync(FIXTURES + name);
  const start = bytes.indexOf(SIGNATURE);
  return name.endsWith('.keras') ? bytes.subarray(start, start + Number(bytes.readBigUInt64LE(start + 40))) : bytes;
}

/** HDF5's answers say of numbers only how many there are, which is not asked for here. */
const comparable = (answer: string | undefined): string | undefined =>
  answer !== undefined && /^\{"count":[1-9]/.test(answer) ? '"something else"' : answer;

function expectSame(ours: Answers, theirs: Answers): void {
  for (const [question, answer] of ours)
    expect([question, answer]).toEqual([question, comparable(theirs.get(question))]);
}

test.each(FILES.filter((name) => !REFUSED.test(name)))('%s is read as HDF5 reads it', async (name) => {
  const bytes = bytesOf(name);
  const theirs = await judge.ask(bytes);
  const ours = answersOf(bytes);
  expect(ours.size).toBeGreaterThan(2);
  expectSame(ours, theirs!);
  expect([...theirs!.keys()].filter((question) => !ours.has(question))).toEqual([]);
});

test.each([
  ['growing', 'a dataset whose chunks are found by an extensible array'],
  ['growing_twice', 'a dataset whose chunks are found by a B-tree of version 2'],
  ['scale_offset', 'a dataset packed by filter 6'],
])('what is not read is refused by its name: %s', (name, words) => {
  const file = openBytes(readFileSync(`${FIXTURES}hdf5/kinds/unread_${name}.h5`));
  expect(() => file.dataset('/data')).toThrow(
    expect.objectContaining({
      code: 'bad-hdf5',
      message: `the HDF5 file holds ${words}, which is not read here`,
      where: { field: '/data' },
      hint: expect.stringContaining('h5repack'),
    }),
  );
});

const MUTANTS = isAll ? 600 : 20;

const DAMAGED = FILES.filter((name) =>
  /\/(?:weights|model_of_old_trained|attributes|packed|dtypes|kinds\/[^u]\w+)\.h5$/.test(name),
);

/** Questions that both have an answer to, and those to which HDF5 has none. */
function compare(ours: Answers, theirs: Answers) {
  const [same, other, onlyOurs]: [string[], string[], string[]] = [[], [], []];
  for (const [question, answer] of ours) {
    const expected = comparable(theirs.get(question));
    // A type that is none of Keras' is as good as refused.
    if (answer.startsWith('{"dtype":"other"')) continue;
    // HDF5 says that there are no attributes where it cannot read one, nor of what kind an object is.
    const isSilent = question.startsWith('attributes') ? expected === '[]' : expected?.includes('"unknown"');
    if (answer === expected) same.push(question);
    else if (expected === undefined || isSilent) onlyOurs.push(question);
    else other.push(`${question}: ${answer}, not ${expected}`);
  }
  return { same, other, onlyOurs };
}

test.each(DAMAGED)('a damaged %s is read as HDF5 reads it, or refused', async (name) => {
  const whole = readFileSync(FIXTURES + name);
  const random = randomNumbers(SEED, `damaged ${name}`);
  let [same, onlyOurs] = [0, 0];
  for (let mutant = 0; mutant < MUTANTS; mutant += 1) {
    const bytes = damage(whole, random);
    const start = performance.now();
    const ours = answersOf(bytes);
    expect(performance.now() - start).toBeLessThan(5000);
    const ask = async () => compare(ours, (await judge.ask(bytes)) ?? new Map());
    let found = await ask();
    if (found.other.length > 0) {
      // What the files before left in its memory may speak for it.
      await judge.end();
      found = await ask();
    }
    expect([mutant, found.other]).toEqual([mutant, []]);
    same += found.same.length;
    onlyOurs += found.onlyOurs.length;
  }
  expect(same).toBeGreaterThan(MUTANTS);
  // HDF5 looks at some bytes that say nothing, and refuses all that lies behind them.
  expect(onlyOurs).toBeLessThan(same / 20);
});
