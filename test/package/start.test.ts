import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { expect, test } from 'vitest';
import { BIN } from '../support/cli.js';

/** A file of the program, and the files and packages that it cannot begin without. */
function listNeeded(path: string, seen = new Set<string>()): ReadonlySet<string> {
  if (seen.has(path)) return seen;
  seen.add(path);
  for (const [, name] of readFileSync(path, 'utf8').matchAll(/^import [^;]*?["']([^"']+)["'];?$/gm))
    if (name!.startsWith('.')) listNeeded(join(dirname(path), name!), seen);
    else seen.add(name!);
  return seen;
}

const listFiles = (names: readonly string[]) => new Set(names.filter((name) => isAbsolute(name)));
const sizeOf = (paths: Iterable<string>) => [...paths].reduce((sum, path) => sum + readFileSync(path).byteLength, 0);

test('what every command waits for is small: the rest is loaded by the commands that need it', () => {
  const [, main] = /await import\("([^"]+\/main-[^"]+)"\)/.exec(readFileSync(BIN, 'utf8'))!;
  const needed = listFiles([...listNeeded(BIN), ...listNeeded(join(dirname(BIN), main!))]);
  expect(needed.size).toBeGreaterThan(3);
  expect(sizeOf(needed)).toBeLessThan(50_000);
});

test('signals are heard before the program and any package is loaded', () => {
  const needed = listNeeded(BIN);
  expect(needed.size).toBe(2);
  expect(sizeOf(needed)).toBeLessThan(5000);
  expect(readFileSync(BIN, 'utf8')).toMatch(/exitOnSignals\(\);\n.*await import/);
});
