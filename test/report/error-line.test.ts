import { expect, test } from 'vitest';
import { inputError } from '../../src/errors.js';
import { errorLine, groupedByReason } from '../../src/report/error-line.js';
import { printablePath } from '../../src/report/printable.js';

test('the stage of one layer is its stage, that of several is theirs', () => {
  const skipped = (...layers: string[]) => groupedByReason(layers.map((layer) => ({ code: 'stage-skipped', layer })));
  expect(skipped('a')).toEqual(['a: its stage is skipped']);
  expect(skipped('a', 'b')).toEqual(['a, b: their stage is skipped']);
});

test('a path keeps the name of its file', () => {
  const folders = 'a folder of a long name/'.repeat(12);
  expect(printablePath(`${folders}net.keras`)).toBe(`${folders}net.keras`);
  const where = { file: `${folders}net.keras`, layer: 'x'.repeat(200) };
  expect(errorLine(inputError('bad-size', 'wrong', { where }))).toContain(`${folders}net.keras, layer "xxx`);
  const shown = printablePath(`start/${'x'.repeat(1e6)}/\u001b\n/net.keras`);
  expect(shown).toMatch(/^start\/x+\.\.\.x+\/\\u001b\\u000a\/net\.keras$/);
  expect(shown.length).toBeLessThan(1100);
});
