import { expect, test } from 'vitest';
import { matchGlob } from '../../src/plan/glob.js';

test.each([
  ['a*', 'a/b/c', true],
  ['*', '.hidden', true],
  ['b', 'a', false],
  ['', '', false],
  ['', 'a', false],
  [`${'a'.repeat(70_000)}*`, 'a', false],
])('%.10s and %s', (glob, name, isMatch) => {
  expect(matchGlob(glob)(name)).toBe(isMatch);
});
