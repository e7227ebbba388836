import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { drawDocs } from '../../scripts/draw-docs.mjs';
import { generatedPages } from '../../scripts/write-docs.mjs';
import { LONG_PATIENCE_MILLISECONDS } from '../support/cli.js';
import { CLONE } from './working-folder.js';

test('the pages about options and the library say what the program is', {
  timeout: LONG_PATIENCE_MILLISECONDS,
}, async () => {
  // After a change of either: npm run docs
  for (const [path, text] of Object.entries(await generatedPages())) {
    expect(readFileSync(join(CLONE, path), 'utf8'), path).toBe(text);
    // What a code says, for example, is found in the source.
    expect(text).not.toMatch(/^\| `[a-z-]+` \|( \d \|)? *\|$/m);
  }
});

test('the pictures of the docs are what the program draws, and each is shown', async () => {
  const folder = new URL('../../docs/images/', import.meta.url);
  const page = readFileSync(new URL('../../docs/WHERE-MODULES-GO.md', import.meta.url), 'utf8');
  const drawn = await drawDocs();
  // After a change of what is drawn: npm run docs:draw
  for (const [name, text] of drawn) expect(readFileSync(new URL(name, folder), 'utf8') === text, name).toBe(true);
  const shown = [...page.matchAll(/\]\(images\/([\w.-]+)\)/g)].map(([, name]) => name);
  expect(shown.toSorted()).toEqual([...drawn.keys()].toSorted());
  expect(readdirSync(folder)).toEqual(expect.arrayContaining(shown));
});
