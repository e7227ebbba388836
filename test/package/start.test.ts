import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { BIN } from '../support/cli.js';

/** A file of the program and those that it cannot begin without; all that it imports by a pattern. */
function listNeeded(path: string, pattern: RegExp, seen = new Set<string>()): ReadonlySet<string> {
  if (seen.has(path)) return seen;
  seen.add(path);
  for (const [, name] of readFileSync(path, 'utf8').matchAll(pattern))
    if (name!.startsWith('.')) listNeeded(join(dirname(path), name!), pattern, seen);
    else seen.add(name!);
  return seen;
}

const IMPORT = /^import [^;]*?["']([^"']+)["'];?$/gm;
/** The program is loaded behind what hears signals. */
const IMPORT_AND_MAIN = /^(?:import|const \{ main \} = await import)\b[^;]*?["'](\.[^"']+)["']\)?;?$/gm;

const sizeOf = (paths: Iterable<string>) => [...paths].reduce((sum, path) => sum + readFileSync(path).byteLength, 0);

test('what every command waits for is small: the rest is loaded by the commands that need it', () => {
  const needed = listNeeded(BIN, IMPORT_AND_MAIN);
  expect(needed.size).toBeGreaterThan(3);
  expect(sizeOf(needed)).toBeLessThan(50_000);
});

test('signals are heard before the program and any package is loaded', () => {
  const needed = listNeeded(BIN, IMPORT);
  expect(needed.size).toBe(2);
  expect(sizeOf(needed)).toBeLessThan(5000);
  expect(readFileSync(BIN, 'utf8')).toMatch(/^exitOnSignals\(\);\nconst \{ main \} = await import/m);
});
