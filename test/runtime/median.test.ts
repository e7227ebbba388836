import { expect, test } from 'vitest';
import { median } from '../../src/runtime/median.js';

test('the middle of an odd and of an even number of values', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 3, 2])).toBe(2.5);
});
