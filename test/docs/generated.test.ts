import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { generatedPages } from '../../scripts/write-docs.mjs';
import { LONG_PATIENCE_MILLISECONDS } from '../support/cli.js';
import { CLONE } from './working-folder.js';

test('the pages about options and the library say what the program is', {
  timeout: LONG_PATIENCE_MILLISECONDS,
}, async () => {
  // After a change of either: npm run docs
  for (const [path, text] of Object.entries(await generatedPages())) {
    expect(readFileSync(join(CLONE, path), 'utf8'), path).toBe(text);
  }
});
