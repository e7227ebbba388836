import { expect, test } from 'vitest';
import { groupedByReason } from '../../src/report/error-line.js';

test('the stage of one layer is its stage, that of several is theirs', () => {
  const skipped = (...layers: string[]) => groupedByReason(layers.map((layer) => ({ code: 'stage-skipped', layer })));
  expect(skipped('a')).toEqual(['a: its stage is skipped']);
  expect(skipped('a', 'b')).toEqual(['a, b: their stage is skipped']);
});
