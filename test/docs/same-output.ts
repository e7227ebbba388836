import { expect } from 'vitest';

/**
 * Holds what a page shows against what was printed. Times, the folder and the width of columns may differ; a line `...`
 * stands for any lines.
 */
export function expectOutput(printed: string, shown: string, folder: string): void {
  const lines = plainLines(printed, folder);
  const expected = plainLines(shown, folder);
  expect(matches(lines, expected) ? expected : lines).toEqual(expected);
}

function plainLines(text: string, folder: string): readonly string[] {
  return text
    .trimEnd()
    .replaceAll(`${folder}/`, '')
    .split('\n')
    .map((line) =>
      line
        .replace(/\b\d[\d.,]*( ?)(ms|s|GFLOP\/s)\b/g, '<time>')
        .replace(/\s+/g, ' ')
        .trim(),
    );
}

/** Whether the lines are those expected, some of which stand for any number of lines. */
function matches(lines: readonly string[], expected: readonly string[]): boolean {
  const [first, ...rest] = expected;
  if (first === undefined) return lines.length === 0;
  if (first === '...') return lines.some((_, at) => matches(lines.slice(at), rest)) || rest.length === 0;
  return lines[0] === first && matches(lines.slice(1), rest);
}
