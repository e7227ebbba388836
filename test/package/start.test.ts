import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { BIN } from '../support/cli.js';

/** A file of the program and those that it cannot begin without. */
function listNeeded(path: string, seen = new Set<string>()): ReadonlySet<string> {
  if (seen.has(path)) return seen;
  seen.add(path);
  for (const [, name] of readFileSync(path, 'utf8').matchAll(/^import [^;]*?["'](\.[^"']+)["'];?$/gm))
    listNeeded(join(dirname(path), name!), seen);
  return seen;
}

test('what every command waits for is small: the rest is loaded by the commands that need it', () => {
  const needed = [...listNeeded(BIN)];
  expect(needed.length).toBeGreaterThan(1);
  const bytes = needed.reduce((sum, path) => sum + readFileSync(path).byteLength, 0);
  expect(bytes).toBeLessThan(50_000);
});
