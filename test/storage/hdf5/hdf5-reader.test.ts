import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { type Answers, answersOf, startJudge } from '../../support/hdf5-judge.js';

// HDF5's own library, by h5wasm, is the judge of what we read.

const FIXTURES = fileURLToPath(new URL('../../../fixtures/', import.meta.url));
const judge = startJudge();
afterAll(judge.end);

/** What is refused here, though HDF5 reads it: values elsewhere, bombs, and what few files hold. */
const REFUSED =
  /(?:^|\/)(?:(?:model_)?(?:bomb|cycle|external_link|external_storage|named_type|second_name|soft_link|two_names|unknown_filter|virtual)|user_block|unread_\w+)\.h5$/;

const FILES = readdirSync(FIXTURES, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.h5'));

/** HDF5's answers say of numbers only how many there are, which is not asked for here. */
const comparable = (answer: string | undefined): string | undefined =>
  answer !== undefined && /^\{"count":[1-9]/.test(answer) ? '"something else"' : answer;

function expectSame(ours: Answers, theirs: Answers): void {
  for (const [question, answer] of ours)
    expect([question, answer]).toEqual([question, comparable(theirs.get(question))]);
}

test.each(FILES.filter((name) => !REFUSED.test(name)))('%s is read as HDF5 reads it', async (name) => {
  const bytes = readFileSync(FIXTURES + name);
  const theirs = await judge.ask(bytes);
  const ours = answersOf(bytes);
  expect(ours.size).toBeGreaterThan(2);
  expectSame(ours, theirs!);
  expect([...theirs!.keys()].filter((question) => !ours.has(question))).toEqual([]);
});
