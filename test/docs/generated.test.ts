import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { generatedPages } from '../../scripts/write-docs.mjs';
import { CLONE } from './working-folder.js';

test('the pages about options and the library say what the program is', async () => {
  // After a change of either: npm run docs
  for (const [path, text] of Object.entries(await generatedPages())) {
    expect(readFileSync(join(CLONE, path), 'utf8'), path).toBe(text);
  }
});
