import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

// Files that pages name are there: pages are read by people who look for them.

const ROOT = fileURLToPath(new URL('../', import.meta.url));

/** Paths between backticks, with a folder, and with or without an ending. */
const cited = (page: string): readonly string[] =>
  [...readFileSync(join(ROOT, page), 'utf8').matchAll(/`((?:[\w-]+\/)+[\w.-]+)`/g)].map(([, path]) => path!);

const isThere = (...paths: readonly string[]): boolean => paths.some((path) => existsSync(join(ROOT, path)));

test('tests that docs/HOSTILE.md names', () => {
  const names = cited('docs/HOSTILE.md');
  expect(names.length).toBeGreaterThan(30);
  expect(names.filter((name) => !isThere(`test/${name}.test.ts`, `test/${name}`, name))).toEqual([]);
});

test.each(['docs/ARCHITECTURE.md', 'CONTRIBUTING.md'])('source that %s names', (page) => {
  const paths = cited(page).filter((path) => /\.(ts|mjs|py)$/.test(path));
  expect(paths.length).toBeGreaterThan(10);
  expect(paths.filter((path) => !isThere(path, `src/${path}`, `src/formats/${path}`, `test/${path}`))).toEqual([]);
});
